import ArgumentParser
import Foundation
import Workspace

/// The project folder.
struct RootOption: ParsableArguments {
  @Option(
    help: .value(
      "Folder of base models, runs and caches. Default: \(ProjectFolder.standard).", "folder"))
  var root: String?

  var project: ProjectFolder { ProjectFolder(root ?? ProjectFolder.standard) }

  var caches: URL { project.caches }
}
