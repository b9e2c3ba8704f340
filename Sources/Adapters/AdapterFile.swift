public import Foundation
public import NN
public import StableDiffusion
public import Torch

/// An adapter file in one of three forms: that of this program and diffusers
/// (`unet.<layer>.lora_A.weight` and `lora_B.weight`, with rank and alpha in the metadata), that of
/// older versions of diffusers and PEFT, or that of kohya's sd-scripts
/// (`lora_unet_<layer>.lora_down.weight`, `lora_up.weight`, `alpha`).
public struct AdapterFile {
  /// The file beside an adapter that PEFT writes rank and alpha to.
  package static let configurationName = "adapter_config.json"

  /// The file.
  public let url: URL
  /// The adapters by the layer's name, in the file's types and shapes.
  public let layers: [AdapterLayerName: any AdapterKind]

  /// Reads an adapter. Throws `AdapterFileError`, `WeightsError`, `FileAccessError`, `TorchError`.
  ///
  /// - Parameter kinds: the kinds of adapters that the file may hold.
  public init(
    contentsOf url: URL, kinds: [any AdapterKind.Type] = AdapterKinds.all
  ) throws {
    let file = try SafetensorsFile(contentsOf: url)
    var stored: [AdapterLayerName: [String: Tensor]] = [:]
    var unknown: [String] = []
    for name in file.names {
      guard let tensor = AdapterTensorName(name, kinds: kinds) else {
        unknown.append(name)
        continue
      }
      stored[tensor.layer, default: [:]][tensor.ending] = try file.tensor(name)
    }
    try Self.refuse(unknown, file: url.relativePath)
    guard !stored.isEmpty else { throw AdapterFileError.empty(file: url.relativePath) }
    let needsMetadata = stored.contains { layer, tensors in
      layer.isPath && tensors[AdapterTensorName.alpha] == nil
    }
    let metadata =
      needsMetadata ? try AdapterMetadata(header: file.metadata, besideFileAt: url) : nil
    var layers: [AdapterLayerName: any AdapterKind] = [:]
    for (layer, tensors) in stored {
      layers[layer] = try Self.adapter(
        tensors, of: layer, kinds: kinds, metadata, file: url.relativePath)
    }
    self.url = url
    self.layers = layers
  }

  /// Writes the adapters of a UNet. Throws `WeightsError`, `TorchError`.
  public static func write(
    _ sites: [AdapterSite], rank: Int, alpha: Double, targets: [String],
    metadata: [String: String] = [:], to url: URL
  ) throws {
    try SafetensorsWriter.write(
      tensors(of: sites),
      metadata: AdapterMetadata.header(rank: rank, alpha: alpha, targets: targets)
        .merging(metadata) { $1 }, to: url)
  }

  /// The same file in memory, for the adapters of a configuration, still without tensors. Throws
  /// `EncodingError`.
  package static func snapshot(
    rank: Int, alpha: Double, targets: [String]
  ) throws -> SafetensorsSnapshot {
    SafetensorsSnapshot(
      metadata: try AdapterMetadata.header(rank: rank, alpha: alpha, targets: targets))
  }

  package static func tensors(of sites: [AdapterSite]) -> [(name: String, tensor: Tensor)] {
    sites.flatMap(\.tensors).map { (name: "unet.\($0.name)", tensor: $0.tensor) }
  }

  /// The adapters for the layers of a model, at a strength. Throws `AdapterFileError.otherModel` if
  /// the model lacks a layer or has it in another size.
  public func adapters(
    for model: AdaptableLayers, strength: Double, device: Device
  ) throws -> AdapterSet {
    var adapters: [ModelDirectory.Component: [String: any Adapter]] = [:]
    var missing: [String] = []
    var misshapen: [String] = []
    for (name, adapter) in layers {
      guard let layer = name.layer(of: model) else {
        missing.append(name.text)
        continue
      }
      do {
        let fitted: any Adapter = try adapter.fitted(to: layer.shape, on: device)
        adapters[layer.part, default: [:]][layer.path] = fitted.scaled(by: strength)
      } catch AdapterError.otherWeight(let shape) {
        misshapen.append("\(name.text): \(shape) instead of \(layer.shape)")
      }
    }
    guard missing.isEmpty, misshapen.isEmpty else {
      throw AdapterFileError.otherModel(
        file: url.relativePath, missing: missing.sorted(), misshapen: misshapen.sorted(),
        layers: layers.count)
    }
    return AdapterSet(adapters)
  }

  /// Throws for tensor names that belong to no kind of adapter.
  private static func refuse(_ unknown: [String], file: String) throws(AdapterFileError) {
    guard !unknown.isEmpty else { return }
    let others = unknown.filter { AdapterTensorName.otherKind(of: $0) != nil }
    guard let first = others.first, let kind = AdapterTensorName.otherKind(of: first) else {
      throw .unknownTensors(file: file, names: unknown)
    }
    throw .otherKind(file: file, kind: kind, names: others)
  }

  /// The adapter of a layer. `stored` has its tensors by the endings of their names.
  private static func adapter(
    _ stored: [String: Tensor], of layer: AdapterLayerName, kinds: [any AdapterKind.Type],
    _ metadata: AdapterMetadata?, file: String
  ) throws -> any AdapterKind {
    var endings = stored
    let alpha = endings.removeValue(forKey: AdapterTensorName.alpha)
    guard alpha?.count ?? 1 == 1 else {
      throw AdapterFileError.alpha(file: file, layer: layer.text, shape: alpha?.shape ?? [])
    }
    guard let kind = kinds.first(where: { Set(endings.keys).isSubset(of: $0.fileNames.keys) })
    else {
      throw AdapterFileError.mixed(file: file, layer: layer.text, names: endings.keys.sorted())
    }
    var tensors: [String: Tensor] = [:]
    for (ending, tensor) in endings {
      guard let name = kind.fileNames[ending], tensors.updateValue(tensor, forKey: name) == nil
      else {
        throw AdapterFileError.mixed(file: file, layer: layer.text, names: endings.keys.sorted())
      }
    }
    let ownAlpha = try alpha?.reshape([]).item()
    do {
      return try kind.init(
        StoredAdapter(tensors: tensors) { rank in
          if let ownAlpha { return ownAlpha / Double(rank) }
          guard case .path(let path, let part) = layer else { return 1 }
          return metadata?.scale(of: path, in: part, rank: rank) ?? 1
        })
    } catch let error as AdapterError {
      throw AdapterFileError.damaged(file: file, layer: layer.text, problem: error)
    }
  }
}
