import Files
public import Foundation
import NN
public import StableDiffusion
public import Torch

/// Writes adapters in a form that other programs load.
///
/// The forms of diffusers and PEFT have no alpha beside the tensors, and programs that read only
/// tensors take alpha = rank. So in these forms alpha / rank is multiplied into the up matrices, and
/// every program applies the adapter at the same strength.
public struct AdapterWriter {
  /// The form.
  public var format: AdapterFormat
  /// The names of the UNet's blocks in kohya's form.
  public var blockNames: KohyaBlockNames
  /// The type of the matrices: float32, float16 or bfloat16.
  public var dtype: DType

  /// A writer for a form.
  public init(
    _ format: AdapterFormat, blockNames: KohyaBlockNames = .sgm, dtype: DType = .float32
  ) {
    self.format = format
    self.blockNames = blockNames
    self.dtype = dtype
  }

  /// Writes a new file, or a folder in PEFT's form, and syncs it to the disk. Files that exist are
  /// replaced. Throws `FileAccessError.unwritable`, `AdapterFileError.notFinite`, `.noForm`,
  /// `AdapterError.strength`, `TorchError`.
  ///
  /// - Parameters:
  ///   - model: the layers of the model that the adapters belong to.
  ///   - metadata: free text for the header.
  /// - Returns: the file with the UNet's adapters.
  @discardableResult
  public func write(
    _ adapters: LayerAdapters, of model: AdaptableLayers, metadata: [String: String] = [:],
    to url: URL
  ) throws -> URL {
    try check(adapters, for: url)
    let converted = try convert(adapters, for: url)
    var metadata = metadata
    // The ranks and alphas of the file that the adapters were read from.
    metadata[AdapterMetadata.key] = nil
    let parts = Dictionary(grouping: converted.keys, by: \.part).mapValues { layers in
      converted.filter { layers.contains($0.key) }
    }
    switch format {
    case .kohya:
      try write(
        converted.flatMap { try $0.key.kohyaTensors(of: $0.value, blocks: blockNames) },
        metadata, to: url)
      return url
    case .diffusers:
      let configurations = parts.sorted { $0.key.rawValue < $1.key.rawValue }.map {
        part, adapters in
        (part, PEFTConfiguration(of: adapters, in: part, of: model))
      }
      let header = [AdapterMetadata.key: try PEFTConfiguration.header(configurations)]
      try write(
        converted.flatMap { try $0.key.diffusersTensors(of: $0.value) },
        metadata.merging(header) { $1 }, to: url)
      return url
    case .peft: return try writeFolder(parts, of: model, metadata, to: url)
    }
  }

  /// One folder in PEFT's form for the UNet, with one inside for each text encoder. Adapters of parts
  /// that an earlier file in the folder had are removed.
  private func writeFolder(
    _ parts: [ModelDirectory.Component: LayerAdapters], of model: AdaptableLayers,
    _ metadata: [String: String], to url: URL
  ) throws -> URL {
    for (part, adapters) in parts {
      let folder = part == .unet ? url : url.appending(path: part.rawValue)
      try DurableFile.makeFolder(folder)
      try write(
        adapters.flatMap { try $0.key.pathTensors(of: $0.value, prefix: "base_model.model.") },
        metadata, to: AdapterFile.peftFile(of: part, in: url))
      let configuration = PEFTConfiguration(of: adapters, in: part, of: model)
      try DurableFile.replace(
        folder.appending(path: AdapterFile.configurationName), with: configuration.file())
    }
    let written = parts.keys.map { AdapterFile.peftFile(of: $0, in: url).path }
    for file in try AdapterFile.files(at: url) where !written.contains(file.path) {
      try DurableFile.remove(file)
    }
    return url.appending(path: AdapterFile.peftName)
  }

  private func write(
    _ tensors: [(name: String, tensor: Tensor)], _ metadata: [String: String], to url: URL
  ) throws {
    try DurableFile.replace(url) { temporary in
      try SafetensorsWriter.write(
        tensors, metadata: metadata.merging(["format": "pt"]) { own, _ in own },
        hashKey: AdapterFile.hashKey, to: temporary)
    }
  }

  /// Throws `AdapterFileError.noForm` for adapters that the form does not have. diffusers has LoRA and
  /// DoRA. PEFT takes all layers of a part for the same kind.
  private func check(_ adapters: LayerAdapters, for url: URL) throws {
    guard format != .kohya else { return }
    func refuse(_ kind: String, _ layers: some Sequence<AdaptableLayers.Layer>) -> AdapterFileError
    {
      .noForm(
        file: url.relativePath, format: format, kind: kind,
        layers: layers.map(\.kohyaName).sorted())
    }
    let others = try adapters.filter { _, adapter in
      let type = type(of: adapter).peftType
      return try (format == .diffusers && type != .lora) || adapter.stored().peftTensors() == nil
    }
    if let kind = others.values.map({ type(of: $0).name }).min() {
      throw refuse(kind, others.keys)
    }
    for (_, adapters) in Dictionary(grouping: adapters, by: \.key.part) {
      let kinds = Dictionary(grouping: adapters) { type(of: $0.value).name }
      guard kinds.count < 2 else {
        let least = kinds.min { ($0.value.count, $0.key) < ($1.value.count, $1.key) }
        throw refuse(
          kinds.keys.sorted().joined(separator: " beside "), least?.value.map(\.key) ?? [])
      }
      let all = Dictionary(uniqueKeysWithValues: adapters)
      if kinds[LoKr.name] != nil, PEFTLoKrSettings(all) == nil {
        throw refuse("\(LoKr.name) of these sizes", all.keys)
      }
    }
  }

  /// The adapters on the CPU in the type of the file, with alpha as the form has it.
  private func convert(_ adapters: LayerAdapters, for url: URL) throws -> LayerAdapters {
    var converted: LayerAdapters = [:]
    for (layer, adapter) in adapters {
      converted[layer] = try convert(adapter)
    }
    let overflowing = try converted.filter { _, adapter in
      try adapter.tensors.contains { try !$0.tensor.isFinite() }
    }
    guard overflowing.isEmpty else {
      throw AdapterFileError.notFinite(
        file: url.relativePath, layers: overflowing.keys.map(\.kohyaName).sorted(),
        type: dtype.rawValue)
    }
    return converted
  }

  private func convert(_ adapter: any AdapterKind) throws -> any AdapterKind {
    let folded: any AdapterKind = format == .kohya ? adapter : try adapter.foldingAlpha()
    return try folded.mapTensors { try $0.to(dtype) }
  }
}
