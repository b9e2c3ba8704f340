import Foundation
import StableDiffusion

/// Finds the base model that the user means.
struct BaseModels {
  /// What is used where nothing is said, the first that is there.
  static let standard = ["sdxl", "demo"]

  private let folders: [URL]

  /// The models installed below a root; the project's own are known under any root.
  init(root: RootOption) {
    folders = [root.url, URL(filePath: "Checkpoints")].map { $0.appending(path: "base") }
  }

  /// The model in a folder, or of a name; nil for the standard one, which is said. Throws
  /// `ModelError`, `NothingFound`.
  func open(_ name: String?) throws -> ModelDirectory {
    guard let name else {
      for name in Self.standard {
        guard let folder = installed(name) else { continue }
        if name != Self.standard[0] {
          Console.say("Using the base model \(name), since \(Self.standard[0]) is not installed.")
        }
        return try ModelDirectory(folder)
      }
      throw NothingFound(
        "There is no base model in \(folders[0].relativePath); name one with --model, a folder as "
          + "diffusers saves it.")
    }
    if FileManager.default.fileExists(atPath: name) { return try ModelDirectory(URL(filePath: name)) }
    if let folder = installed(name) { return try ModelDirectory(folder) }
    let names = self.names
    throw NothingFound(
      "There is no base model \(name), neither as a folder nor in \(folders[0].relativePath)"
        + (names.isEmpty ? "" : " (there are: \(names.joined(separator: ", ")))")
        + "; give --model a folder as diffusers saves it.")
  }

  /// The names of all installed models.
  var names: [String] {
    Set(
      folders.flatMap { folder -> [String] in
        do {
          return try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
          return []
        }
      }
    ).sorted()
  }

  private func installed(_ name: String) -> URL? {
    folders.map { $0.appending(path: name) }.first {
      FileManager.default.fileExists(atPath: $0.appending(path: "model_index.json").path)
    }
  }
}
