import Foundation
import StableDiffusion

/// Finds the base model that the user means.
struct BaseModels {
  /// What is used where nothing is said, the first that is there.
  static let standard = ["sdxl", "demo"]
  /// What is used where nothing is said, for help.
  static let standardHelp = "the installed one, \(standard.joined(separator: " before "))"

  private let folders: [URL]

  /// The models installed below a root; the project's own are known under any root.
  init(root: RootOption) {
    folders = [root.url, URL(filePath: "Checkpoints")].map { $0.appending(path: "base") }
  }

  /// The name of the standard model, the first that is installed; said where it is not the first
  /// choice. Throws `NothingFound`.
  func standardName() throws -> String {
    guard let name = Self.standard.first(where: { installed($0) != nil }) else {
      throw NothingFound(
        "There is no base model: put SDXL, as diffusers saves it (stable-diffusion-xl-base-1.0), at "
          + "\(folders[0].appending(path: Self.standard[0]).relativePath), or give the folder of "
          + "another one with --model.")
    }
    if name != Self.standard[0] {
      Console.say("Using the base model \(name), since \(Self.standard[0]) is not installed.")
    }
    return name
  }

  /// The model of a name, or in a folder. That its weights are those it should have is checked here,
  /// before hours of work. Throws `ModelError`, `WeightsError`, `NothingFound`.
  func open(_ name: String) throws -> ModelDirectory {
    let directory = try ModelDirectory(find(name))
    try directory.checkWeights()
    return directory
  }

  private func find(_ name: String) throws -> URL {
    if let folder = installed(name), !name.contains("/") { return folder }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) else {
      let names = self.names
      throw NothingFound(
        "There is no base model \(name), neither as a folder nor in \(folders[0].relativePath)"
          + (names.isEmpty ? "" : " (there are: \(names.joined(separator: ", ")))")
          + "; give --model a folder as diffusers saves it.")
    }
    guard isFolder.boolValue else {
      throw NothingFound(
        "The base model \(name) is a single file; give --model a folder as diffusers saves it, with "
          + "model_index.json, unet and the rest.")
    }
    return URL(filePath: name)
  }

  /// The names of all installed models.
  private var names: [String] {
    Set(
      folders.flatMap { folder -> [String] in
        do {
          return try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
          return []
        }
      }
    ).filter { installed($0) != nil }.sorted()
  }

  private func installed(_ name: String) -> URL? {
    folders.map { $0.appending(path: name) }.first(where: ModelDirectory.isModel)
  }
}
