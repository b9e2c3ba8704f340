package import Files
package import Foundation

extension DatasetEditor {
  /// Makes the folder of a new dataset. An empty folder of that name is taken.
  ///
  /// Throws `NewDatasetError`, `FileAccessError`.
  package static func create(
    subject: String, in datasetsFolder: URL
  ) throws -> DatasetEditor {
    if let problem = DatasetName.problem(subject) {
      throw NewDatasetError.name(subject, problem: problem)
    }
    let folder = datasetsFolder.appending(path: subject, directoryHint: .isDirectory)
    let editor = DatasetEditor(directory: folder, subject: subject)
    return try editor.changing {
      if DurableFile.exists(folder) {
        guard DatasetFolder.isFolder(folder) == true,
          try FolderListing(folder).entries.allSatisfy({ SystemFile.contains($0.name) })
        else { throw NewDatasetError.exists(folder.relativePath) }
      }
      try DurableFile.makeFolder(folder)
      return editor
    }
  }
}

/// The rule for names of new datasets, which are names of folders on every system.
enum DatasetName {
  private static let longest = 100

  /// The rule in words.
  static let rule =
    "use letters, digits, spaces, \"-\", \"_\" and \".\", at most \(longest) bytes, and begin with a "
    + "letter or a digit"

  /// What is wrong with a name; nil: nothing.
  static func problem(_ name: String) -> String? {
    if name.allSatisfy(\.isWhitespace) { return "is empty" }
    if name.utf8.count > longest { return "is too long" }
    if name.hasPrefix(".") { return "begins with a dot" }
    if name.last == " " || name.last == "." { return "ends with a space or a dot" }
    guard name.allSatisfy(isAllowed) else { return "has other characters" }
    guard let first = name.first, first.isLetter || first.isNumber else {
      return "begins with \"\(name.prefix(1))\""
    }
    if isDevice(name) { return "is the name of a device in Windows" }
    if SystemFile.contains(name) { return "is that of a folder of the system" }
    return nil
  }

  /// Whether a file name is that of a device in Windows, whatever its extension.
  static func isDevice(_ name: String) -> Bool {
    let stem = name.prefix { $0 != "." }.trimmingSpaces.lowercased()
    let isNumbered = stem.count == 4 && ["com", "lpt"].contains(stem.prefix(3))
    return ["con", "prn", "aux", "nul"].contains(stem)
      || isNumbered && stem.last.map { ("0"..."9").contains($0) } == true
  }

  private static func isAllowed(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || " -_.".contains(character)
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String { trimmingCharacters(in: .whitespaces) }
}

/// A dataset that cannot be made.
package enum NewDatasetError: ReportableError, Equatable {
  /// The name does not follow the rule.
  case name(String, problem: String)
  /// There is a folder with files, or a file, of that name.
  case exists(String)

  /// The kind of error.
  package var kind: ErrorKind {
    switch self {
    case .name, .exists: .usage
    }
  }

  /// One sentence: what was found and what to do.
  package var description: String {
    switch self {
    case .name(let name, let problem):
      "The name \"\(name.excerpt().showingControls)\" \(problem); \(DatasetName.rule)."
    case .exists(let path):
      "\(path) exists and is not an empty folder; choose another name, or add files to that dataset."
    }
  }
}
