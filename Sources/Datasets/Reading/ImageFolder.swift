import Foundation

/// A folder whose pictures a dataset reads, and what they have in common.
struct ImageFolder {
  /// Its path in the dataset folder; nil: it is the dataset folder.
  let name: String?
  /// What is in it.
  let files: DatasetFolder
  /// How often an epoch has its pictures.
  var repeats = 1
  /// Caption of its pictures that have none; nil: the subject's.
  var caption: String?

  /// Where a file of it is.
  func url(of file: String) -> URL {
    files.url.appending(path: file, directoryHint: .notDirectory)
  }

  /// The path of a file of it in the dataset folder.
  func path(of file: String) -> String { name.map { "\($0)/\(file)" } ?? file }

  /// The paths of files of it in the dataset folder.
  func paths(of files: [String]) -> [String] { files.map(path) }

  /// Files of it that are there under any name, to see whether a name is free.
  func has(_ file: String) -> Bool {
    FileManager.default.fileExists(atPath: url(of: file).path)
  }
}
