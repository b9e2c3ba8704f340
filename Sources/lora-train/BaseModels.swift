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
        "There is no base model: put SDXL at "
          + "\(folders[0].appending(path: Self.standard[0]).relativePath), as diffusers saves it "
          + "(stable-diffusion-xl-base-1.0), or at the same place as one file "
          + "\(Self.standard[0]).\(ModelDirectory.fileExtension), or give the folder or file of another "
          + "one with --model.")
    }
    if name != Self.standard[0] {
      Console.say("Using the base model \(name), since \(Self.standard[0]) is not installed.")
    }
    return name
  }

  /// The base or refiner of a name, in a folder or in a file. That its weights are those it should
  /// have is checked here, before hours of work. Throws `ModelError`, `WeightsError`, `NothingFound`.
  func open(_ name: String, as role: ModelDirectory.Role = .base) throws -> ModelDirectory {
    let directory = try ModelDirectory(find(name), as: role)
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
          + "; give --model a folder as diffusers saves it, or a .\(ModelDirectory.fileExtension) file."
      )
    }
    let url = URL(filePath: name)
    guard isFolder.boolValue || url.pathExtension == ModelDirectory.fileExtension else {
      throw NothingFound(
        "The base model \(name) is a file of another kind; give --model a "
          + ".\(ModelDirectory.fileExtension) file in the original layout, or a folder as diffusers "
          + "saves it, with model_index.json, unet and the rest.")
    }
    return url
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
    ).map(Self.modelName).filter { installed($0) != nil }.sorted()
  }

  /// What a folder, or a file without the end of its name, is installed as.
  private static func modelName(_ entry: String) -> String {
    let url = URL(filePath: entry)
    return url.pathExtension == ModelDirectory.fileExtension
      ? url.deletingPathExtension().lastPathComponent : entry
  }

  private func installed(_ name: String) -> URL? {
    folders.flatMap { folder in
      [name, "\(name).\(ModelDirectory.fileExtension)"].map { folder.appending(path: $0) }
    }.first(where: ModelDirectory.isModel)
  }
}
