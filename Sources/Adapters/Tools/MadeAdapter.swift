public import NN
public import StableDiffusion
import Torch

/// An adapter that a tool has made, and what became of each layer.
public struct MadeAdapter {
  /// One layer before and after.
  public struct Change: Sendable, Encodable {
    /// The layer's part and path.
    public let layer: String
    /// The rank before: that of the matrices side by side in a merge, the smaller side of the weight
    /// in an extraction.
    public let oldRank: Int
    /// The rank in the new adapter.
    public let newRank: Int
    /// The share of the delta's Frobenius norm that is kept, up to 1.
    public let keptNorm: Double

    enum CodingKeys: String, CodingKey {
      case layer
      case oldRank = "old_rank"
      case newRank = "new_rank"
      case keptNorm = "kept_norm"
    }
  }

  /// The adapters of the layers, in float32.
  public internal(set) var layers: [AdaptableLayers.Layer: LoRA] = [:]
  /// What became of each layer, in the order of their names.
  public internal(set) var changes: [Change] = []
  /// The layers that are left out because nothing in them differs.
  public internal(set) var omitted: [String] = []

  /// The same for an ``AdapterWriter``.
  public var adapters: LayerAdapters { layers.mapValues { $0 } }

  mutating func add(_ lora: LoRA, to layer: AdaptableLayers.Layer, oldRank: Int, kept: Double) {
    layers[layer] = lora
    changes.append(
      Change(
        layer: layer.text, oldRank: oldRank, newRank: lora.down.shape[0], keptNorm: kept))
  }
}

extension AdaptableLayers.Layer {
  /// The part and the path: `unet.mid_block.attentions.0.proj_in`.
  var text: String { "\(part.rawValue).\(path)" }
}
