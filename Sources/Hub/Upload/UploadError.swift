package import Files

/// Files that could not be put into a repository.
package enum UploadError: ReportableError, Equatable {
  /// `HF_HUB_OFFLINE` forbids requests.
  case offline
  /// No token, which every upload needs.
  case noToken
  /// The storage of large files refuses one.
  case refused(repository: String, file: String, message: String)
  /// The repository's own rules leave a file out.
  case ignored(repository: String, file: String)

  package var kind: ErrorKind {
    switch self {
    case .offline, .noToken: .usage
    case .refused, .ignored: .inputOutput
    }
  }

  package var description: String {
    switch self {
    case .offline:
      "An upload needs the network, which HF_HUB_OFFLINE forbids; unset the variable."
    case .noToken:
      "An upload needs an access token: set HF_TOKEN to one that may write, from "
        + "https://huggingface.co/settings/tokens."
    case .refused(let repository, let file, let message):
      "The storage of \(repository) does not take \(file) (\(message.excerpt())); check the limits of your "
        + "account."
    case .ignored(let repository, let file):
      "The file .gitignore of \(repository) leaves out \(file); change it, or choose another repository."
    }
  }
}
