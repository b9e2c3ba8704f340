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
  /// Its adapters of the text encoders that are trained.
  let textLayers: [ModelDirectory.Component: LayerAdapters]
  /// SHA-256 of the contents.
  let sha256: String
  /// The ends of the layers' paths, as `targets` has them.
  let targets: [String]

  /// The method that trains the kind of most layers.
  let method: AdapterMethod
  /// The most frequent rank of the layers.
  package let rank: Int
  /// The most frequent alpha of the layers.
  package let alpha: Double

  /// Reads the file for a base model. Throws `AdapterFileError`, `InitialAdapterError`,
  /// `FileAccessError`, `WeightsError`.
  ///
  /// - Parameter encoders: The text encoders that are trained.
  init(
    _ path: String, for model: ModelDirectory, encoders: [ModelDirectory.Component] = []
  ) throws {
    let url = URL(filePath: path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw InitialAdapterError.missing(path)
    }
    let all = AdaptableLayers(model)
    let stored = try AdapterFile(contentsOf: url).adapters(for: all)
    let untrained = stored.keys.filter { $0.part != .unet && !encoders.contains($0.part) }
    guard untrained.isEmpty else {
      throw InitialAdapterError.textEncoders(file: path, layers: untrained.count)
    }
    let others = stored.filter { !($0.value is any TrainableAdapterKind) }
    if let kind = others.values.map({ type(of: $0).name }).min() {
      throw InitialAdapterError.notTrainable(file: path, kind: kind, layers: others.count)
    }
    let adapters = stored.filter { $0.key.part == .unet }
    guard !adapters.isEmpty else { throw InitialAdapterError.noUNet(file: path) }
    textLayers = Dictionary(
      uniqueKeysWithValues: encoders.map { part in (part, stored.filter { $0.key.part == part }) })
    guard adapters.values.contains(where: { $0.alpha != 0 }) else {
      throw InitialAdapterError.noAlpha(file: path)
    }
    self.path = path
    layers = adapters
    sha256 = ContentHash.of(try AdapterFile.files(at: url).map { try ContentHash.of(fileAt: $0) })
    targets = all.targets(of: Array(adapters.keys), in: .unet)
    let methods = adapters.values.compactMap { adapter in
      AdapterMethod.allCases.first { $0.kind == type(of: adapter) }?.rawValue
    }
    method = mostFrequent(methods).flatMap(AdapterMethod.init) ?? .lora
    rank = mostFrequent(adapters.values.compactMap(\.rank)) ?? 0
    alpha = mostFrequent(adapters.values.compactMap(\.alpha)) ?? 0
  }

  /// What the training starts from, in one sentence.
  package var summary: String {
    let ranks = Set(layers.values.compactMap(\.rank)).sorted()
    let span =
      switch ranks.count {
      case 0: ""
      case 1: " of rank \(rank)"
      default: " of ranks \(ranks[0]) to \(ranks[ranks.count - 1])"
      }
    return "The training starts from \(path), which has \(layers.count) layers\(span); `rank`, "
      + "`alpha` and `targets` are those of the file."
  }
}

/// An adapter that a training cannot start from.
package enum InitialAdapterError: ReportableError, Equatable {
  /// There is no such file.
  case missing(String)
  /// The alpha of every layer is 0.
  case noAlpha(file: String)
  /// The adapters of some layers are of a kind that is not trained.
  case notTrainable(file: String, kind: String, layers: Int)
  /// The file has no adapters of the UNet.
  case noUNet(file: String)
  /// The file also adapts text encoders that are not trained.
  case textEncoders(file: String, layers: Int)

  package var kind: ErrorKind {
    switch self {
    case .missing: .missingInput
    case .noAlpha, .noUNet, .textEncoders, .notTrainable: .badData
    }
  }

  package var description: String {
    switch self {
    case .missing(let path):
      "There is no \(path); set `init_lora` to a LoRA file, or omit it to start with new adapters."
    case .noAlpha(let file):
      "\(file) has an alpha of 0 for every layer, so it has no effect and cannot learn; set `init_lora` "
        + "to another LoRA, or correct its alpha."
    case .notTrainable(let file, let kind, let layers):
      "\(file) has adapters of the kind \(kind) in \(layers) layers, which are not trained; set "
        + "`init_lora` to a file of LoRA, DoRA, LoHa or LoKr."
    case .textEncoders(let file, let layers):
      "\(file) also has adapters for \(layers) layers of text encoders that are not trained; "
        + "train them with `train_text_encoders`, or write a file with the UNet's alone by lora-train lora "
        + "convert."
    case .noUNet(let file):
      "\(file) has no adapters of the UNet; set `init_lora` to a LoRA that has some."
    }
  }
}
