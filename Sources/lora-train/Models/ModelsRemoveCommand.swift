import ArgumentParser
import Files
import Workspace

/// `lora-train models remove`.
struct ModelsRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Removes an installed model, or a download that is not complete.",
    discussion: "A model that an unfinished run needs is only removed with --force.")

  @Argument(help: ArgumentHelp("The installed model.", valueName: "name"))
  var name: String
  @Flag(help: "Remove it also if unfinished runs need it, or if it is part of the project.")
  var force = false
  @OptionGroup var root: RootOption

  func run() throws {
    let removal = ModelRemoval(
      BaseModels(root: root), runs: try RunLibrary(root.project).runs())
    let bytes = try removal.remove(name, force: force)
    Console.message("Removed \(name), \(Format.bytes(Int64(bytes))).")
  }
}
