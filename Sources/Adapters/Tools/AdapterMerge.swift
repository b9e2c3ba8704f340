import NN
public import StableDiffusion
import Torch

/// Merges LoRAs into one, or changes the rank of one.
public enum AdapterMerge {
  /// One LoRA for each layer, whose delta is the sum of the deltas in a set, each at its strength.
  ///
  /// Without a rule the sum is exact to rounding: the matrices stand side by side, and their ranks
  /// add up. With a rule each layer becomes the closest LoRA of the rank that the rule gives.
  ///
  /// - Parameters:
  ///   - adapters: the adapters, fitted to the model.
  ///   - model: the layers of the model.
  ///   - progress: receives the number of finished layers and of all.
  /// - Throws: `AdapterToolError.otherKind`, `TorchError`, and what `progress` throws.
  public static func merge(
    _ adapters: AdapterSet, of model: AdaptableLayers, rule: RankRule? = nil,
    progress: (_ done: Int, _ count: Int) throws -> Void = { _, _ in }
  ) throws -> MadeAdapter {
    let parts = adapters.layers.flatMap { part, layers in
      layers.compactMap { path, members in
        model.layer(path, in: part).map { (layer: $0, members: members) }
      }
    }.sorted { $0.layer.text < $1.layer.text }
    var made = MadeAdapter()
    for (index, (layer, members)) in parts.enumerated() {
      let sum = try LoRA.sum(members.map { try lora($0, of: layer) })
      let (new, kept) = try rule.map { try sum.resized(by: $0, shape: layer.shape) } ?? (sum, 1)
      made.add(new, to: layer, oldRank: sum.down.shape[0], kept: kept)
      try progress(index + 1, parts.count)
    }
    return made
  }

  private static func lora(
    _ adapter: any Adapter, of layer: AdaptableLayers.Layer
  ) throws(AdapterToolError) -> LoRA {
    guard let lora = adapter as? LoRA else {
      let kind = (adapter as? any AdapterKind).map { type(of: $0).name }
      throw .otherKind(layer: layer.text, kind: kind ?? String(describing: type(of: adapter)))
    }
    return lora
  }
}
