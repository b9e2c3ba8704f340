package import Files

/// A file that could not be downloaded.
package enum DownloadError: ReportableError, Equatable {
  /// The content is not the one that the repository lists.
  case wrongContent(repository: String, file: String, tries: Int)
  /// The files need more space than there is.
  case noSpace(folder: String, needed: Int, free: Int)

  package var kind: ErrorKind {
    switch self {
    case .wrongContent: .badData
    case .noSpace: .cannotWrite
    }
  }

  package var description: String {
    switch self {
    case .wrongContent(let repository, let file, let tries):
      "The file \(file) of \(repository) arrived \(tries) times with another hash than the repository "
        + "lists; check the network and the proxy, then run the same command again."
    case .noSpace(let folder, let needed, let free):
      "The folder \(folder) has \(gigabytes(free)) of free space, but the files need "
        + "\(gigabytes(needed)); free some space or choose another place."
    }
  }

  private func gigabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e9).fixed(2)) GB" }
}
