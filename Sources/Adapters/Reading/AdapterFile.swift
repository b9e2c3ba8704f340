public import Foundation
public import NN
public import StableDiffusion
public import Torch

/// An adapter file in one of the forms of ``AdapterFormat``, or as older versions of diffusers and
/// PEFT wrote it.
public struct AdapterFile {
  /// The metadata key under which programs look for the SHA-256 of the tensors' bytes.
  package static let hashKey = "sshs_model_hash"

  /// The file, or the folder.
  public let url: URL
  /// The adapters by the layer's name, in the file's types and shapes.
  public let layers: [AdapterLayerName: any AdapterKind]
  /// The words that a prompt needs, if the file names them.
  public let trigger: String?

  /// Reads an adapter: a file, or a folder as PEFT and diffusers write it. Throws
  /// `AdapterFileError`, `WeightsError`, `FileAccessError`, `TorchError`.
  ///
  /// - Parameter kinds: the kinds of adapters that the file may hold.
  public init(
    contentsOf url: URL, kinds: [any AdapterKind.Type] = AdapterKinds.all
  ) throws {
    self.url = url
    let files = try Self.files(at: url).map { try SafetensorsFile(contentsOf: $0) }
    trigger = files.lazy.compactMap { $0.metadata[ModelSpec.triggerKey] }.first
    layers = try files.reduce(into: [:]) { layers, file in
      // Files of a folder are those of different parts, so no layer is in two of them.
      layers.merge(try Self.layers(in: file, kinds: kinds)) { $1 }
    }
  }

  private static func layers(
    in file: SafetensorsFile, kinds: [any AdapterKind.Type]
  ) throws -> [AdapterLayerName: any AdapterKind] {
    let url = file.url
    let part = part(ofFileAt: url)
    var stored: [AdapterLayerName: [String: Tensor]] = [:]
    var unknown: [String] = []
    for name in file.names {
      guard let tensor = AdapterTensorName(name, kinds: kinds, peftPart: part) else {
        unknown.append(name)
        continue
      }
      stored[tensor.layer, default: [:]][tensor.ending] = try file.tensor(name)
    }
    try refuse(unknown, of: file.names, file: url.relativePath)
    guard !stored.isEmpty else { throw AdapterFileError.empty(file: url.relativePath) }
    let needsMetadata = stored.contains { layer, tensors in
      layer.isPath && tensors[AdapterTensorName.alpha] == nil
    }
    let metadata =
      needsMetadata ? try AdapterMetadata(header: file.metadata, besideFileAt: url) : nil
    var layers: [AdapterLayerName: any AdapterKind] = [:]
    for (layer, tensors) in stored {
      layers[layer] = try adapter(
        tensors, of: layer, kinds: kinds, metadata, file: url.relativePath)
    }
    if KohyaMetadata(file.metadata).isWeightDecomposed,
      !layers.values.contains(where: { type(of: $0).readsWeight }),
      let layer = layers.filter({ $0.value is LoRA }).map(\.key.text).min()
    {
      throw AdapterFileError.noMagnitudes(
        file: url.relativePath, layer: layer, key: "dora_wd", tensor: "dora_scale")
    }
    return layers
  }

  /// The adapters by the layers of a model, in float32 and in the shapes of the layers. Throws
  /// `AdapterFileError.otherModel` if the model lacks a layer or has it in another size.
  public func adapters(
    for model: AdaptableLayers, device: Device = .cpu
  ) throws -> LayerAdapters {
    var adapters: LayerAdapters = [:]
    var missing: [String] = []
    var misshapen: [String] = []
    for (name, adapter) in layers {
      guard let layer = name.layer(of: model) else {
        missing.append(name.text)
        continue
      }
      do {
        guard
          try adapters.updateValue(adapter.fitted(to: layer.shape, on: device), forKey: layer)
            == nil
        else { throw AdapterFileError.twice(file: url.relativePath, layer: layer.kohyaName) }
      } catch AdapterError.otherWeight(let shape) {
        misshapen.append("\(name.text): \(shape) instead of \(layer.shape)")
      }
    }
    guard missing.isEmpty, misshapen.isEmpty else {
      if let family, family != .sdxl {
        throw AdapterFileError.otherFamily(file: url.relativePath, family: family)
      }
      throw AdapterFileError.otherModel(
        file: url.relativePath, missing: missing.sorted(), misshapen: misshapen.sorted(),
        layers: layers.count)
    }
    return adapters
  }

  /// The adapters for the parts of a model, at a strength. Throws as ``adapters(for:device:)``.
  public func adapters(
    for model: AdaptableLayers, strength: Double, device: Device
  ) throws -> AdapterSet {
    AdapterSet(try adapters(for: model, device: device), strength: strength)
  }

  /// Whether the adapters change nothing, as before the first step of a training: an alpha or a matrix of
  /// each layer is zero. Kinds whose change depends on the base's weights are not looked into.
  public func isZero() throws -> Bool {
    try layers.values.allSatisfy { try $0.changeNorm() == 0 }
  }

  /// Throws for tensor names that belong to no kind of adapter. `all` are all names in the file.
  private static func refuse(
    _ unknown: [String], of all: [String], file: String
  ) throws(AdapterFileError) {
    guard !unknown.isEmpty else { return }
    let others = unknown.filter { AdapterTensorName.otherKind(of: $0) != nil }
    guard let first = others.first, let kind = AdapterTensorName.otherKind(of: first) else {
      if let content = WeightsContent(all), content != .adapter {
        throw .otherContent(file: file, content)
      }
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
    guard try stored.values.allSatisfy({ try $0.isFinite() }) else {
      throw AdapterFileError.notNumbers(file: file, layer: layer.text)
    }
    var tensors: [String: Tensor] = [:]
    for (ending, tensor) in endings {
      guard let name = kind.fileNames[ending], tensors.updateValue(tensor, forKey: name) == nil
      else {
        throw AdapterFileError.mixed(file: file, layer: layer.text, names: endings.keys.sorted())
      }
    }
    let ownAlpha = try alpha?.reshape([]).item()
    if case .path(_, let part) = layer, metadata?.isWeightDecomposed(part) == true,
      !kind.readsWeight
    {
      throw AdapterFileError.noMagnitudes(
        file: file, layer: layer.text, key: "use_dora", tensor: "lora_magnitude_vector")
    }
    var configuredScale: Double?
    if ownAlpha == nil, case .path(let path, let part) = layer {
      configuredScale = metadata?.scale(of: path, in: part)
    }
    do {
      return try kind.init(
        StoredAdapter(
          tensors: tensors, alpha: ownAlpha, configuredScale: configuredScale
        ) { rank in
          if let ownAlpha { return ownAlpha / Double(rank) }
          guard case .path(let path, let part) = layer else { return 1 }
          return metadata?.scale(of: path, in: part, rank: rank) ?? 1
        })
    } catch let error as AdapterError {
      throw AdapterFileError.damaged(file: file, layer: layer.text, problem: error)
    }
  }
}

extension AdapterSet {
  /// Adapters at a strength, sorted by the parts of the model.
  public init(_ adapters: LayerAdapters, strength: Double = 1) {
    var parts: [ModelDirectory.Component: [String: any Adapter]] = [:]
    for (layer, adapter) in adapters {
      let scaled: any Adapter = adapter.scaled(by: strength)
      parts[layer.part, default: [:]][layer.path] = scaled
    }
    self.init(parts)
  }
}
