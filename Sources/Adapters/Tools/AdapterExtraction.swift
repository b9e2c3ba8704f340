import Foundation
import NN
public import StableDiffusion
public import Torch

/// Extracts a LoRA from the difference of two models: the closest one of a rank, layer after layer.
public struct AdapterExtraction {
  /// The layers of the UNet that get a LoRA.
  public enum Layers: String, CaseIterable, Sendable {
    /// The projections of the attentions: what this program trains.
    case attention
    /// All linear layers of the transformers: what kohya's sd-scripts trains by default.
    case linear
    /// All linear layers and convolutions of the blocks, as with kohya's `conv_dim`.
    case all

    func contains(_ path: String) -> Bool {
      switch self {
      case .attention:
        [".to_q", ".to_k", ".to_v", ".to_out.0"].contains { path.hasSuffix($0) }
      case .linear: path.contains(".attentions.")
      case .all: path.contains("_block")
      }
    }
  }

  private let base: ModelDirectory
  private let tuned: ModelDirectory
  private let layers: [AdaptableLayers.Layer]

  /// Compares the layers of two models. Throws `AdapterToolError.otherLayers`.
  ///
  /// - Parameters:
  ///   - base: the model that the LoRA is for.
  ///   - tuned: a model that was fine-tuned from it.
  ///   - textEncoders: whether the text encoders get a LoRA, too.
  public init(
    from base: ModelDirectory, to tuned: ModelDirectory, layers: Layers, textEncoders: Bool
  ) throws(AdapterToolError) {
    self.base = base
    self.tuned = tuned
    var parts = [
      (ModelDirectory.Component.unet, UNet2DConditionModel(base.unet).adaptableLayers())
    ]
    if textEncoders {
      if let first = base.textEncoder {
        parts.append((.textEncoder, CLIPTextModel(first).adaptableLayers()))
      }
      parts.append(
        (.textEncoder2, CLIPTextModelWithProjection(base.textEncoder2).adaptableLayers()))
    }
    let (own, other) = (AdaptableLayers(base), AdaptableLayers(tuned))
    var found: [AdaptableLayers.Layer] = []
    for (part, all) in parts {
      for (path, _) in all where part == .unet ? layers.contains(path) : path.contains(".layers.") {
        guard let layer = own.layer(path, in: part) else { continue }
        guard other.layer(path, in: part)?.shape == layer.shape else {
          throw .otherLayers(
            base: base.url.relativePath, tuned: tuned.url.relativePath, layer: layer.text)
        }
        found.append(layer)
      }
    }
    self.layers = found
  }

  /// Decomposes the differences. Two weights at a time are read. Throws
  /// `AdapterToolError.noDifference`, `WeightsError`, `TorchError`, and what `progress` throws.
  ///
  /// - Parameters:
  ///   - minimum: a layer in which no weight differs by more is left out.
  ///   - device: where the decompositions are computed.
  ///   - progress: receives the number of finished layers and of all.
  public func extract(
    by rule: RankRule, minimum: Double = 0, device: Device = .cpu,
    progress: (_ done: Int, _ count: Int) throws -> Void = { _, _ in }
  ) throws -> MadeAdapter {
    var made = MadeAdapter()
    var sources: [ModelDirectory.Component: (base: WeightSource, tuned: WeightSource)] = [:]
    for part in Set(layers.map(\.part)) {
      sources[part] = (try base.weightSource(of: part), try tuned.weightSource(of: part))
    }
    for (index, layer) in layers.enumerated() {
      guard let source = sources[layer.part] else { continue }
      let difference = try Self.difference(layer, source.base, source.tuned, device)
      if try difference.abs().max().item() > minimum {
        let decomposition = try Decomposition(difference)
        let rank = rule.rank(of: decomposition.values, shape: layer.shape)
        made.add(
          try LoRA(decomposition, rank: rank, shape: layer.shape, scale: 1).fitted(
            to: layer.shape, on: .cpu), to: layer, oldRank: decomposition.values.count,
          kept: decomposition.keptNorm(rank: rank))
      } else {
        made.omitted.append(layer.text)
      }
      try progress(index + 1, layers.count)
    }
    guard !made.layers.isEmpty else {
      throw AdapterToolError.noDifference(
        base: base.url.relativePath, tuned: tuned.url.relativePath, minimum: minimum)
    }
    return made
  }

  /// The difference of a layer's weights, float32 `[out, in]`.
  private static func difference(
    _ layer: AdaptableLayers.Layer, _ base: WeightSource, _ tuned: WeightSource, _ device: Device
  ) throws -> Tensor {
    let name = "\(layer.path).weight"
    defer {
      base.release(name)
      tuned.release(name)
    }
    let difference = try tuned.tensor(name).to(.float32) - base.tensor(name).to(.float32)
    return try difference.reshape([layer.shape[0], -1]).to(device)
  }
}
