import ArgumentParser
import Foundation
import Workspace

/// Where everything that this program keeps lies.
struct RootOption: ParsableArguments {
  @Option(help: ArgumentHelp("Where base models, runs and caches are kept.", valueName: "folder"))
  var root = ProjectFolder.standard

  var project: ProjectFolder { ProjectFolder(root) }

  var caches: URL { project.caches }

  /// The runs, for looking at; what is odd about them is printed. Throws `RunLogError`.
  func library() throws -> RunLibrary {
    let library = try RunLibrary(project)
    for note in library.notes { Console.note(note) }
    return library
  }
}

extension BaseModels {
  /// The models that are used where none is named, for help.
  static let standardHelp = "the installed one, \(standard.joined(separator: " before "))"

  /// The models installed below a root.
  init(root: RootOption) { self.init(root.project, report: Console.report) }
}
