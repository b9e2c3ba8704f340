public import Foundation
public import NN
public import Torch

/// An adapter on the disk as diffusers writes and reads it: `unet.<layer>.lora_A.weight` and
/// `lora_B.weight`, with rank and alpha in the metadata.
public struct AdapterFile {
  /// One adapted layer's matrices as they are in the file.
  public struct Matrices {
    /// `[rank, in]`.
    public let down: Tensor
    /// `[out, rank]`.
    public let up: Tensor
    /// What their product is multiplied with: alpha / rank as a rule.
    public let scale: Double
  }

  /// The matrices by the layer's path in the UNet.
  public let layers: [String: Matrices]

  /// Reads an adapter that this program, diffusers or PEFT has written. Throws `AdapterFileError`,
  /// `WeightsError`, `TorchError`.
  public init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(contentsOf: url)
    let metadata = AdapterMetadata(header: file.metadata, besideFileAt: url)
    var downs: [String: Tensor] = [:]
    var ups: [String: Tensor] = [:]
    for name in file.names {
      guard let (layer, matrix) = Self.place(of: name) else {
        throw AdapterFileError.unknownTensor(file: url.relativePath, name: name)
      }
      switch matrix {
      case .down: downs[layer] = try file.tensor(name)
      case .up: ups[layer] = try file.tensor(name)
      }
    }
    guard !downs.isEmpty else { throw AdapterFileError.empty(file: url.relativePath) }
    var layers: [String: Matrices] = [:]
    for layer in Set(downs.keys).union(ups.keys) {
      guard let down = downs[layer], let up = ups[layer] else {
        throw AdapterFileError.half(file: url.relativePath, layer: layer)
      }
      guard down.dimensions == 2, up.dimensions == 2, down.shape[0] == up.shape[1] else {
        throw AdapterFileError.misshapen(
          file: url.relativePath, layer: layer, down: down.shape, up: up.shape)
      }
      layers[layer] = Matrices(
        down: down, up: up, scale: metadata?.scale(of: layer, rank: down.shape[0]) ?? 1)
    }
    self.layers = layers
  }

  /// Writes the adapters of a UNet. Throws `WeightsError`, `TorchError`.
  public static func write(
    _ sites: [LoRASite], rank: Int, alpha: Double, targets: [String],
    metadata: [String: String] = [:], to url: URL
  ) throws {
    let tensors = sites.flatMap(\.tensors).map { (name: "unet.\($0.name)", tensor: $0.tensor) }
    let own = try AdapterMetadata.header(rank: rank, alpha: alpha, targets: targets)
    try SafetensorsWriter.write(
      tensors, metadata: metadata.merging(own) { $1 }, to: url)
  }

  /// The adapters that this file gives a UNet, at a strength. Throws `AdapterFileError` for a layer
  /// that the UNet does not have, or not in this size.
  public func adapters(
    for unet: some Module, strength: Double, device: Device, file: String
  ) throws -> [String: LoRA] {
    let linears = Dictionary(
      unet.modules().compactMap { path, module in (module as? Linear).map { (path, $0) } },
      uniquingKeysWith: { $1 })
    var adapters: [String: LoRA] = [:]
    for (layer, matrices) in layers {
      guard let linear = linears[layer] else {
        throw AdapterFileError.noSuchLayer(file: file, layer: layer)
      }
      guard matrices.down.shape[1] == linear.inFeatures,
        matrices.up.shape[0] == linear.outFeatures
      else {
        throw AdapterFileError.otherModel(
          file: file, layer: layer, adapter: [matrices.up.shape[0], matrices.down.shape[1]],
          model: [linear.outFeatures, linear.inFeatures])
      }
      adapters[layer] = LoRA(
        down: try matrices.down.to(.float32).to(device),
        up: try matrices.up.to(.float32).to(device), scale: matrices.scale * strength)
    }
    return adapters
  }

  private enum Matrix { case down, up }

  /// Which layer's matrix a tensor is, by the names of diffusers (new and old) and PEFT.
  private static func place(of name: String) -> (layer: String, matrix: Matrix)? {
    let suffixes: [(String, Matrix)] = [
      (".lora_A.weight", .down), (".lora_B.weight", .up), (".lora.down.weight", .down),
      (".lora.up.weight", .up),
    ]
    let prefixes = ["unet.", "base_model.model."]
    guard let (suffix, matrix) = suffixes.first(where: { name.hasSuffix($0.0) }),
      let prefix = prefixes.first(where: { name.hasPrefix($0) })
    else { return nil }
    return (String(name.dropFirst(prefix.count).dropLast(suffix.count)), matrix)
  }
}
