public import Foundation
public import NN
public import StableDiffusion
public import Torch

/// An adapter on the disk: as this program and diffusers write it (`unet.<layer>.lora_A.weight` and
/// `lora_B.weight`, with rank and alpha in the metadata), as older versions of diffusers and PEFT do,
/// or as kohya's sd-scripts do (`lora_unet_<layer>.lora_down.weight`, `lora_up.weight`, `alpha`).
public struct AdapterFile {
  /// The file beside an adapter where PEFT says its rank and alpha.
  static let configurationName = "adapter_config.json"

  /// One adapted layer's matrices as they are in the file.
  public struct Matrices {
    /// `[rank, in]`, or `[rank, in, k, k]` of a convolution.
    public let down: Tensor
    /// `[out, rank]`, or `[out, rank, 1, 1]`.
    public let up: Tensor
    /// What their product is multiplied with: alpha / rank as a rule.
    public let scale: Double
  }

  /// The file.
  public let url: URL
  /// The matrices by the layer's name.
  public let layers: [AdapterLayerName: Matrices]

  /// Reads an adapter. Throws `AdapterFileError`, `WeightsError`, `TorchError`.
  public init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(contentsOf: url)
    try Self.checkMethod(file)
    var tensors: [AdapterLayerName: [AdapterTensorName.Kind: Tensor]] = [:]
    var unknown: [String] = []
    for name in file.names {
      guard let tensor = AdapterTensorName(name) else {
        unknown.append(name)
        continue
      }
      tensors[tensor.layer, default: [:]][tensor.kind] = try file.tensor(name)
    }
    guard unknown.isEmpty else {
      throw AdapterFileError.unknownTensors(file: url.relativePath, names: unknown)
    }
    guard !tensors.isEmpty else { throw AdapterFileError.empty(file: url.relativePath) }
    let metadata = AdapterMetadata(header: file.metadata, besideFileAt: url)
    var layers: [AdapterLayerName: Matrices] = [:]
    for (layer, tensors) in tensors {
      layers[layer] = try Self.matrices(tensors, of: layer, metadata, file: url.relativePath)
    }
    self.url = url
    self.layers = layers
  }

  /// Writes the adapters of a UNet. Throws `WeightsError`, `TorchError`.
  public static func write(
    _ sites: [LoRASite], rank: Int, alpha: Double, targets: [String],
    metadata: [String: String] = [:], to url: URL
  ) throws {
    try SafetensorsWriter.write(
      tensors(of: sites),
      metadata: AdapterMetadata.header(rank: rank, alpha: alpha, targets: targets)
        .merging(metadata) { $1 }, to: url)
  }

  /// The same file in memory, for the adapters of a configuration. Throws `TorchError`.
  static func snapshot(
    _ sites: [LoRASite], rank: Int, alpha: Double, targets: [String]
  ) throws -> SafetensorsSnapshot {
    try SafetensorsSnapshot(
      of: tensors(of: sites),
      metadata: AdapterMetadata.header(rank: rank, alpha: alpha, targets: targets))
  }

  static func tensors(of sites: [LoRASite]) -> [(name: String, tensor: Tensor)] {
    sites.flatMap(\.tensors).map { (name: "unet.\($0.name)", tensor: $0.tensor) }
  }

  /// The adapters that this file gives a model, at a strength. Throws
  /// `AdapterFileError.otherModel` for layers that the model does not have, or not in this size.
  public func adapters(
    for model: AdaptableLayers, strength: Double, device: Device
  ) throws -> AdapterSet {
    var adapters: [ModelDirectory.Component: [String: LoRA]] = [:]
    var missing: [String] = []
    var misshapen: [String] = []
    for (name, matrices) in layers {
      guard let layer = name.layer(of: model) else {
        missing.append(name.text)
        continue
      }
      guard matrices.fit(layer.shape) else {
        misshapen.append("\(name.text): \(matrices.shape) instead of \(layer.shape)")
        continue
      }
      adapters[layer.part, default: [:]][layer.path] = try matrices.adapter(
        for: layer.shape, strength: strength, device: device)
    }
    guard missing.isEmpty, misshapen.isEmpty else {
      throw AdapterFileError.otherModel(
        file: url.relativePath, missing: missing.sorted(), misshapen: misshapen.sorted(),
        layers: layers.count)
    }
    return AdapterSet(adapters)
  }

  /// Throws for an adapter of a method that is not LoRA.
  private static func checkMethod(_ file: SafetensorsFile) throws(AdapterFileError) {
    let others = file.names.filter { AdapterTensorName.otherMethod(of: $0) != nil }
    guard let first = others.first, let method = AdapterTensorName.otherMethod(of: first) else {
      return
    }
    throw .otherMethod(file: file.url.relativePath, method: method, names: others)
  }

  private static func matrices(
    _ tensors: [AdapterTensorName.Kind: Tensor], of layer: AdapterLayerName,
    _ metadata: AdapterMetadata?, file: String
  ) throws -> Matrices {
    guard let down = tensors[.down], let up = tensors[.up] else {
      throw AdapterFileError.half(file: file, layer: layer.text)
    }
    guard [2, 4].contains(down.dimensions), [2, 4].contains(up.dimensions),
      down.shape[0] == up.shape[1], up.shape.dropFirst(2).allSatisfy({ $0 == 1 })
    else {
      throw AdapterFileError.misshapen(
        file: file, layer: layer.text, down: down.shape, up: up.shape)
    }
    let rank = down.shape[0]
    var scale: Double?
    if let alpha = tensors[.alpha] {
      guard alpha.count == 1 else {
        throw AdapterFileError.alpha(file: file, layer: layer.text, shape: alpha.shape)
      }
      scale = try alpha.reshape([]).item() / Double(rank)
    } else if case .path(let path, let part) = layer {
      scale = metadata?.scale(of: path, in: part, rank: rank)
    }
    return Matrices(down: down, up: up, scale: scale ?? 1)
  }
}

extension AdapterFile.Matrices {
  /// The shape of the weight that they are made for.
  fileprivate var shape: [Int] { [up.shape[0]] + down.shape.dropFirst() }

  /// Whether they can be added to a weight; a linear layer is also kept as a 1 x 1 convolution.
  fileprivate func fit(_ weight: [Int]) -> Bool {
    func convolution(_ shape: [Int]) -> [Int] { shape.count == 2 ? shape + [1, 1] : shape }
    return convolution(shape) == convolution(weight)
  }

  /// The adapter of a layer with a weight that they fit.
  fileprivate func adapter(for weight: [Int], strength: Double, device: Device) throws -> LoRA {
    let rank = down.shape[0]
    let sides = Array(repeating: 1, count: weight.count - 2)
    return LoRA(
      down: try down.to(.float32).reshape([rank] + weight.dropFirst()).to(device),
      up: try up.to(.float32).reshape([weight[0], rank] + sides).to(device),
      scale: scale * strength)
  }
}
