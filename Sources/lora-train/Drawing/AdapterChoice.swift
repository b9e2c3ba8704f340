import ArgumentParser
import DreamBooth
import Foundation
import StableDiffusion
import Torch

/// An adapter file and its strength.
struct AdapterChoice {
  let path: String
  let strength: Double
  /// As a picture's parameters name it.
  let name: String

  /// Reads `file.safetensors` or `file.safetensors:0.8`. Throws `ValidationError`.
  static func parse(_ text: String) throws -> AdapterChoice {
    func choice(_ path: String, _ strength: Double) -> AdapterChoice {
      AdapterChoice(path: path, strength: strength, name: name(of: URL(filePath: path)))
    }
    guard let colon = text.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: text) else {
      return choice(text, 1)
    }
    guard let strength = Double(text[text.index(after: colon)...]), strength.isFinite else {
      throw ValidationError("what follows the colon is a number, as in file.safetensors:0.8")
    }
    return choice(String(text[..<colon]), strength)
  }

  /// The file's name; a checkpoint's, which all have one, by subject and step, as `dog@500`.
  private static func name(of file: URL) -> String {
    let folders = file.pathComponents.dropLast().suffix(3)
    guard file.lastPathComponent == "adapter.safetensors", folders.count == 3,
      let subject = folders.first, folders.dropFirst().first?.hasPrefix("run-") == true,
      let step = folders.last?.split(separator: "-").last.flatMap({ Int($0) })
    else { return file.lastPathComponent }
    return "\(subject)@\(step)"
  }
}

extension [AdapterChoice] {
  /// The adapters on a model, those of one layer added up, without its weights. Throws
  /// `AdapterFileError`, `WeightsError`, `TorchError`.
  func read(for model: ModelDirectory, device: Device) throws -> AdapterSet {
    if isEmpty { return .none }
    let layers = AdaptableLayers(model)
    return try .sum(
      map { choice in
        try AdapterFile(contentsOf: URL(filePath: choice.path))
          .adapters(for: layers, strength: choice.strength, device: device)
      })
  }
}
