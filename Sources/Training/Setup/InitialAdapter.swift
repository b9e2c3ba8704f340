import Adapters
package import Files
import Foundation
import NN
import StableDiffusion

/// The adapter that a training starts from: `init_lora`.
package struct InitialAdapter {
  /// The file or folder.
  package let path: String
  /// Its adapters of the UNet, in float32 on the CPU.
  let layers: LayerAdapters
  /// SHA-256 of the contents.
  let sha256: String
  /// The ends of the layers' paths, as `targets` has them.
  let targets: [String]

  /// The most frequent rank of the layers.
  package let rank: Int
  /// The most frequent alpha of the layers.
  package let alpha: Double

  /// Reads the file for a base model. Throws `AdapterFileError`, `InitialAdapterError`,
  /// `FileAccessError`, `WeightsError`.
  init(_ path: String, for model: ModelDirectory) throws {
    let url = URL(filePath: path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw InitialAdapterError.missing(path)
    }
    let all = AdaptableLayers(model)
    let adapters = try AdapterFile(contentsOf: url).adapters(for: all)
    let others = adapters.keys.filter { $0.part != .unet }
    guard others.isEmpty else {
      throw InitialAdapterError.textEncoders(file: path, layers: others.count)
    }
    guard adapters.values.contains(where: { $0.alpha != 0 }) else {
      throw InitialAdapterError.noAlpha(file: path)
    }
    self.path = path
    layers = adapters
    sha256 = ContentHash.of(try AdapterFile.files(at: url).map { try ContentHash.of(fileAt: $0) })
    targets = all.targets(of: Array(adapters.keys), in: .unet)
    rank = mostFrequent(adapters.values.compactMap(\.rank)) ?? 0
    alpha = mostFrequent(adapters.values.compactMap(\.alpha)) ?? 0
  }

  /// What the training starts from, in one sentence.
  package var summary: String {
    let ranks = Set(layers.values.compactMap(\.rank)).sorted()
    let span = ranks.count == 1 ? "rank \(rank)" : "ranks \(ranks[0]) to \(ranks[ranks.count - 1])"
    return "The training starts from \(path), which has \(layers.count) layers of \(span); `rank`, "
      + "`alpha` and `targets` are those of the file."
  }
}

/// An adapter that a training cannot start from.
package enum InitialAdapterError: ReportableError, Equatable {
  /// There is no such file.
  case missing(String)
  /// The alpha of every layer is 0.
  case noAlpha(file: String)
  /// The file also adapts the text encoders, which are not trained.
  case textEncoders(file: String, layers: Int)

  package var kind: ErrorKind {
    switch self {
    case .missing: .missingInput
    case .noAlpha, .textEncoders: .badData
    }
  }

  package var description: String {
    switch self {
    case .missing(let path):
      "There is no \(path); set `init_lora` to a LoRA file, or omit it to start with new adapters."
    case .noAlpha(let file):
      "\(file) has an alpha of 0 for every layer, so it has no effect and cannot learn; set `init_lora` "
        + "to another LoRA, or correct its alpha."
    case .textEncoders(let file, let layers):
      "\(file) also has adapters for \(layers) layers of the text encoders, which are not trained; "
        + "write a file with the UNet's alone by lora-train lora convert."
    }
  }
}
