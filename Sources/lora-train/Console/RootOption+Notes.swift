import Foundation
import Workspace

extension RootOption {
  /// Reads the runs and prints notes on them. Throws `RunLogError`.
  func library() throws -> RunLibrary {
    let library = try RunLibrary(project)
    for note in library.notes { Console.note(note) }
    return library
  }

  /// Prints a note if the project folder does not exist. Throws `FileAccessError.linkTarget`,
  /// `ProjectFolderError`.
  func noteIfMissing() throws {
    guard try !project.exists() else { return }
    Console.note(
      "\(project.url.relativePath) does not exist; give another folder with `root` if it was meant."
    )
  }
}

extension BaseModels {
  /// The default, for help texts.
  static let standardHelp = "the installed one, \(standard.joined(separator: " before "))"

  /// The models installed in a project folder.
  init(root: RootOption) { self.init(root.project, report: Console.report) }
}
