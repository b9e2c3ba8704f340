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
  let label: String

  init(path: String, strength: Double, name: String) {
    self.path = path
    self.strength = strength
    label = "\(name):\(strength)"
  }

  /// Reads `file.safetensors` or `file.safetensors:0.8`. Throws `ValidationError`.
  static func parse(_ text: String) throws -> AdapterChoice {
    func choice(_ path: String, _ strength: Double) -> AdapterChoice {
      AdapterChoice(path: path, strength: strength, name: URL(filePath: path).lastPathComponent)
    }
    guard let colon = text.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: text) else {
      return choice(text, 1)
    }
    guard let strength = Double(text[text.index(after: colon)...]), strength.isFinite else {
      throw ValidationError("what follows the colon is a number, as in file.safetensors:0.8")
    }
    return choice(String(text[..<colon]), strength)
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
