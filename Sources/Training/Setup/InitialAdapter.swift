import Adapters
package import Files
import Foundation
import NN
package import StableDiffusion

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
  /// The ends of the paths of the UNet's layers, as `targets` has them; none if the UNet is not trained.
  let targets: [String]

  /// The method that trains the kind of most layers.
  let method: AdapterMethod
  /// The most frequent rank of the layers; nil if none has one, as a LoKr of two whole factors.
  package let rank: Int?
  /// The most frequent alpha of the layers; nil if none has one.
  package let alpha: Double?
  /// Whether each part of the model that gets adapters has them in the file.
  let isComplete: Bool

  /// Reads the file for a base model. Throws `AdapterFileError`, `InitialAdapterError`,
  /// `FileAccessError`, `WeightsError`.
  ///
  /// - Parameter parts: The parts of the model that get adapters.
  init(
    _ path: String, for model: ModelDirectory, parts: [ModelDirectory.Component]
  ) throws {
    let url = URL(filePath: path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw InitialAdapterError.missing(path)
    }
    let all = AdaptableLayers(model)
    let stored = try AdapterFile(contentsOf: url).adapters(for: all)
    let untrained = stored.keys.filter { !parts.contains($0.part) }
    guard untrained.isEmpty else {
      let ofUNet = untrained.count { $0.part == .unet }
      let trained = parts.filter { part in stored.keys.contains { $0.part == part } }
      throw ofUNet > 0
        ? InitialAdapterError.unet(file: path, layers: ofUNet, others: trained)
        : .textEncoders(file: path, layers: untrained.count, others: trained)
    }
    let others = stored.filter { !($0.value is any TrainableAdapterKind) }
    if let kind = others.values.map({ type(of: $0).name }).min() {
      throw InitialAdapterError.notTrainable(file: path, kind: kind, layers: others.count)
    }
    layers = stored.filter { $0.key.part == .unet }
    let trainsUNet = parts.contains(.unet)
    guard !trainsUNet || !layers.isEmpty else { throw InitialAdapterError.noUNet(file: path) }
    textLayers = Dictionary(grouping: stored.filter { $0.key.part != .unet }) { $0.key.part }
      .mapValues { Dictionary(uniqueKeysWithValues: $0.map { ($0.key, $0.value) }) }
    let adapters = trainsUNet ? layers : stored
    guard adapters.values.contains(where: { $0.alpha != 0 }) else {
      throw InitialAdapterError.noAlpha(file: path)
    }
    self.path = path
    sha256 = ContentHash.of(try AdapterFile.files(at: url).map { try ContentHash.of(fileAt: $0) })
    targets = trainsUNet ? all.targets(of: Array(layers.keys), in: .unet) : []
    let methods = adapters.values.compactMap { adapter in
      AdapterMethod.allCases.first { $0.kind == type(of: adapter) }?.rawValue
    }
    method = mostFrequent(methods).flatMap(AdapterMethod.init) ?? .lora
    rank = mostFrequent(adapters.values.compactMap(\.rank))
    alpha = mostFrequent(adapters.values.compactMap(\.alpha))
    isComplete = Set(stored.keys.map(\.part)) == Set(parts)
  }

  /// What the training starts from, in one sentence.
  package var summary: String {
    let all = [layers] + textLayers.values
    let ranks = Set(all.flatMap(\.values).compactMap(\.rank)).sorted()
    let span =
      switch ranks.count {
      case 0: ""
      case 1: " of rank \(ranks[0])"
      default: " of ranks \(ranks[0]) to \(ranks[ranks.count - 1])"
      }
    let count = all.reduce(0) { $0 + $1.count }
    let start = "The training starts from \(path), which has \(count) layers\(span)"
    let taken = [
      rank == nil ? nil : "`rank`", alpha == nil ? nil : "`alpha`",
      targets.isEmpty ? nil : "`targets`",
    ].compactMap(\.self)
    guard let last = taken.last else { return "\(start)." }
    let others = taken.dropLast().joined(separator: ", ")
    return start + "; "
      + (others.isEmpty ? "\(last) is that" : "\(others) and \(last) are those") + " of the file."
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
  /// The file adapts the UNet, which is not trained, and maybe others, which are.
  case unet(file: String, layers: Int, others: [ModelDirectory.Component])
  /// The file adapts text encoders that are not trained, and maybe others, which are.
  case textEncoders(file: String, layers: Int, others: [ModelDirectory.Component])

  package var kind: ErrorKind {
    switch self {
    case .missing: .missingInput
    case .noAlpha, .noUNet, .unet, .textEncoders, .notTrainable: .badData
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
    case .unet(let file, let layers, let others):
      "\(file) has adapters for \(layers) layers of the UNet, which is not trained; train it with "
        + "`train_unet`, or \(advice(others))"
    case .textEncoders(let file, let layers, let others):
      "\(file) has adapters for \(layers) layers of text encoders that are not trained; "
        + "train them with `train_text_encoders`, or \(advice(others))"
    case .noUNet(let file):
      "\(file) has no adapters of the UNet; set `init_lora` to a LoRA that has some."
    }
  }

  /// - Parameter parts: What the file has that is trained.
  private func advice(_ parts: [ModelDirectory.Component]) -> String {
    let names = parts.map(\.rawValue)
    return names.isEmpty
      ? "set `init_lora` to another file."
      : "write a file with only \(names.joined(separator: " and ")) by lora-train lora convert."
  }
}
