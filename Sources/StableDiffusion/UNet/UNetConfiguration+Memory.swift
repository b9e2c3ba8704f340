package import NN
package import Torch

/// The activations of a pass with adapters in the attention layers, in bytes. Estimated from the shapes of
/// tensors, without weights.
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
  ///   - latents: height and width.
  ///   - tokens: the length of the prompts.
  ///   - extent: what gradient checkpointing recomputes; nil for nothing.
  package func activations(
    batch: Int, latents: (height: Int, width: Int), tokens: Int, dtype: DType,
    checkpointing extent: CheckpointingExtent?
  ) -> ActivationMemory {
    var count = ActivationCount(
      self, pixels: batch * latents.height * latents.width, tokens: batch * tokens,
      itemSize: dtype.itemSize, extent: extent)
    count.walk()
    let perInput = extent == .blocks ? 4.2 : 2.6
    return ActivationMemory(
      kept: count.bytes, work: Int(perInput * Double(count.widest * dtype.itemSize)))
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

/// A walk through the blocks of a UNet that adds up what each keeps for its backward pass. Frozen layers
/// keep no input; norms are computed again.
private struct ActivationCount {
  /// In bytes.
  private(set) var bytes = 0
  /// The most numbers of a resnet's input.
  private(set) var widest = 0
  /// The numbers of the down path's results.
  private(set) var skipped = 0
  /// The numbers of the prompt's keys and values.
  private(set) var projected = 0

  private let configuration: UNetConfiguration
  private let pixels: Int
  private let tokens: Int
  private let itemSize: Int
  private let extent: CheckpointingExtent?
  /// Whether a layer before has adapters, so that gradients flow.
  private var hasGradient = false

  init(
    _ configuration: UNetConfiguration, pixels: Int, tokens: Int, itemSize: Int,
    extent: CheckpointingExtent?
  ) {
    self.configuration = configuration
    self.pixels = pixels
    self.tokens = tokens
    self.itemSize = itemSize
    self.extent = extent
  }

  mutating func walk() {
    let channels = configuration.blockOutChannels
    let last = channels.count - 1
    var width = channels[0]
    var skips = [(width: width, level: 0)]
    for level in channels.indices {
      for _ in 0..<configuration.layersPerBlock[level] {
        resnet(width, channels[level], level)
        width = channels[level]
        if configuration.downBlockTypes[level] == .crossAttention { transformer(level) }
        skips.append((width, level))
      }
      if level < last { skips.append((width, level + 1)) }
    }
    skipped = skips.reduce(0) { $0 + $1.width * count(at: $1.level) }
    if let mid = configuration.midBlockType {
      resnet(width, width, last)
      if mid == .crossAttention {
        transformer(last)
        resnet(width, width, last)
      }
    }
    for level in channels.indices.reversed() {
      for _ in 0...configuration.layersPerBlock[level] {
        resnet(width + skips.removeLast().width, channels[level], level)
        width = channels[level]
        if configuration.upBlockTypes[last - level] == .crossAttention { transformer(level) }
      }
    }
    bytes += channels[0] * pixels * itemSize
  }

  /// The pixels of a level in all images.
  private func count(at level: Int) -> Int { pixels >> (2 * level) }

  /// The inputs of both norms.
  private mutating func resnet(_ inChannels: Int, _ outChannels: Int, _ level: Int) {
    widest = max(widest, inChannels * count(at: level))
    guard hasGradient else { return }
    bytes +=
      (inChannels + (extent == .blocks ? 0 : outChannels)) * count(at: level) * itemSize
  }

  /// The input of the first norm, and for each block: its input; query, key, value and result of the
  /// self-attention; the sum; query and result of the cross-attention; the sum; and the gate's input,
  /// which is eight times as wide. The prompt's keys and values besides.
  private mutating func transformer(_ level: Int) {
    let (rows, width) = (count(at: level), configuration.blockOutChannels[level])
    if hasGradient { bytes += rows * width * itemSize }
    hasGradient = true
    let tensors =
      switch extent {
      case nil: 17
      case .feedForward: 9
      case .blocks: 1
      }
    let layers = configuration.transformerLayersPerBlock[level]
    projected += layers * 2 * tokens * width
    bytes += layers * (tensors * rows + 2 * tokens) * width * itemSize
    // Float32 means and deviations of three norms, and the logarithms of two attentions' sums.
    if extent != .blocks {
      bytes += layers * rows * 4 * (6 + 2 * configuration.attentionHeadDim[level])
    }
  }
}
