import Foundation

/// A folder whose images a dataset reads, and the settings that they share.
struct ImageFolder {
  /// Its path in the dataset folder; nil: the dataset folder itself.
  let name: String?
  var files: DatasetFolder
  /// How often an epoch repeats its images.
  var repeats = 1
  /// Caption of its images without one; nil: the subject's.
  var caption: String?

  func url(of file: String) -> URL {
    files.url.appending(path: file, directoryHint: .notDirectory)
  }

  /// The path of one of its files in the dataset folder.
  func path(of file: String) -> String { name.map { "\($0)/\(file)" } ?? file }

  func paths(of files: [String]) -> [String] { files.map(path) }

  /// Whether a name in the folder is taken, also by a file that is not read.
  func has(_ file: String) -> Bool {
    FileManager.default.fileExists(atPath: url(of: file).path)
  }
}
