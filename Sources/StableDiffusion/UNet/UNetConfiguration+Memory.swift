package import NN
package import Torch

/// The activations of a pass, in bytes. Estimated from the shapes of tensors, without weights.
package struct ActivationMemory: Sendable, Equatable {
  /// What a forward pass keeps for its backward pass.
  package let kept: Int
  /// The most that operations take besides.
  package let work: Int
}

extension UNetConfiguration {
  /// The activations of a training pass.
  ///
  /// - Parameters:
  ///   - adapters: the adapters by the paths of their layers.
  ///   - trainsText: whether the prompts have gradients.
  ///   - latents: height and width.
  ///   - tokens: the length of the prompts.
  ///   - extent: what gradient checkpointing recomputes; nil for nothing.
  package func activations(
    _ adapters: [String: AdapterMemory], trainsText: Bool = false, batch: Int,
    latents: (height: Int, width: Int), tokens: Int, dtype: DType,
    checkpointing extent: CheckpointingExtent?
  ) -> ActivationMemory {
    var count = ActivationCount(
      self, pixels: batch * latents.height * latents.width, tokens: batch * tokens,
      itemSize: dtype.itemSize, extent: extent, adapters: adapters, trainsText: trainsText)
    count.walk()
    let perInput = extent == .blocks ? 4.2 : 2.6
    let work = Int(perInput * Double(count.widest * dtype.itemSize))
    return ActivationMemory(kept: count.bytes, work: max(work, count.peak - count.bytes))
  }

  /// The activations of a pass without a graph, for drawing: the skips of the down path and the work of
  /// the widest block.
  package func drawing(
    batch: Int, latents: (height: Int, width: Int), tokens: Int, dtype: DType
  ) -> ActivationMemory {
    var count = ActivationCount(
      self, pixels: batch * latents.height * latents.width, tokens: batch * tokens,
      itemSize: dtype.itemSize, extent: .blocks)
    count.walk()
    return ActivationMemory(
      kept: (count.skipped + count.projected) * dtype.itemSize,
      work: Int(2.6 * Double(count.widest * dtype.itemSize)))
  }

  /// The most numbers of all the prompt's keys and values together, for each of its tokens.
  package var promptProjectionWidth: Int {
    zip(blockOutChannels, transformers).reduce(0) { $0 + 2 * $1.0 * $1.1 }
  }

  /// The transformer blocks of each level.
  private var transformers: [Int] {
    let last = blockOutChannels.count - 1
    return blockOutChannels.indices.map { level in
      let layers = transformerLayersPerBlock[level]
      let down = downBlockTypes[level] == .crossAttention ? layersPerBlock[level] : 0
      let up = upBlockTypes[last - level] == .crossAttention ? layersPerBlock[level] + 1 : 0
      let mid = level == last && midBlockType == .crossAttention ? 1 : 0
      return (down + mid + up) * layers
    }
  }
}
