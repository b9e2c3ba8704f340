import NN

/// A walk through the blocks of a UNet that adds up what each keeps for its backward pass. Frozen layers
/// keep no input; norms are computed again.
struct ActivationCount {
  /// In bytes.
  private(set) var bytes = 0
  /// The most bytes while the backward pass of a block runs. Later blocks have freed theirs.
  private(set) var peak = 0
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
  private let adapters: AdapterCount
  /// Whether gradients flow: those of the prompt, or of a layer before.
  private var hasGradient: Bool

  init(
    _ configuration: UNetConfiguration, pixels: Int, tokens: Int, itemSize: Int,
    extent: CheckpointingExtent?, adapters: [String: AdapterMemory] = [:], trainsText: Bool = false
  ) {
    self.configuration = configuration
    self.pixels = pixels
    self.tokens = tokens
    self.itemSize = itemSize
    self.extent = extent
    self.adapters = AdapterCount(adapters, itemSize: itemSize, trainsText: trainsText)
    hasGradient = trainsText
  }

  mutating func walk() {
    let channels = configuration.blockOutChannels
    let last = channels.count - 1
    var width = channels[0]
    var skips = [(width: width, level: 0)]
    for level in channels.indices {
      let block = "down_blocks.\(level)"
      for index in 0..<configuration.layersPerBlock[level] {
        resnet("\(block).resnets.\(index)", width, channels[level], level)
        width = channels[level]
        if configuration.downBlockTypes[level] == .crossAttention {
          transformer("\(block).attentions.\(index)", level)
        }
        skips.append((width, level))
      }
      if level < last {
        sampler("\(block).downsamplers.0.conv", width, level)
        skips.append((width, level + 1))
      }
    }
    skipped = skips.reduce(0) { $0 + $1.width * count(at: $1.level) }
    if let mid = configuration.midBlockType {
      resnet("mid_block.resnets.0", width, width, last)
      if mid == .crossAttention {
        transformer("mid_block.attentions.0", last)
        resnet("mid_block.resnets.1", width, width, last)
      }
    }
    for level in channels.indices.reversed() {
      let block = "up_blocks.\(last - level)"
      for index in 0...configuration.layersPerBlock[level] {
        resnet(
          "\(block).resnets.\(index)", width + skips.removeLast().width, channels[level], level)
        width = channels[level]
        if configuration.upBlockTypes[last - level] == .crossAttention {
          transformer("\(block).attentions.\(index)", level)
        }
      }
      if level > 0 { sampler("\(block).upsamplers.0.conv", width, level - 1) }
    }
    bytes += channels[0] * pixels * itemSize
  }

  /// The pixels of a level in all images.
  private func count(at level: Int) -> Int { pixels >> (2 * level) }

  /// The inputs of both norms.
  private mutating func resnet(
    _ path: String, _ inChannels: Int, _ outChannels: Int, _ level: Int
  ) {
    let rows = count(at: level)
    widest = max(widest, inChannels * rows)
    let layers =
      adapters.layers(["\(path).conv1"], input: inChannels, rows: rows)
      + adapters.layers(["\(path).conv2"], input: outChannels, rows: rows)
      + adapters.layers(["\(path).conv_shortcut"], rows: rows)
    hasGradient = hasGradient || layers.isAdapted
    guard hasGradient else { return }
    let isRecomputed = extent == .blocks
    bytes += (inChannels + (isRecomputed ? 0 : outChannels)) * rows * itemSize
    keep(layers, isRecomputed: isRecomputed, work: (isRecomputed ? 6 : 3) * inChannels * rows)
  }

  /// The input of the first norm. The adapters of the layers around the blocks keep theirs.
  private mutating func transformer(_ path: String, _ level: Int) {
    let (rows, width) = (count(at: level), configuration.blockOutChannels[level])
    let around = ["proj_in", "proj_out"].map {
      adapters.layers(["\(path).\($0)"], input: width, rows: rows)
    }
    if hasGradient { bytes += rows * width * itemSize }
    hasGradient = hasGradient || around[0].isAdapted
    keep(around[0], isRecomputed: false, work: width * rows)
    for layer in 0..<configuration.transformerLayersPerBlock[level] {
      block("\(path).transformer_blocks.\(layer)", level)
    }
    hasGradient = hasGradient || around[1].isAdapted
    keep(around[1], isRecomputed: false, work: width * rows)
  }

  /// The input; query, key, value and result of the self-attention; the sum; query and result of the
  /// cross-attention; the sum; and the gate's input, which is eight times as wide. The prompt's keys and
  /// values besides.
  private mutating func block(_ path: String, _ level: Int) {
    let (rows, width) = (count(at: level), configuration.blockOutChannels[level])
    let attention = adapters.attention("\(path)", width: width, rows: rows, tokens: tokens)
    let feedForward =
      adapters.layers(["\(path).ff.net.0.proj"], input: width, rows: rows)
      + adapters.layers(["\(path).ff.net.2"], input: 4 * width, rows: rows)
    projected += 2 * tokens * width
    hasGradient = hasGradient || attention.isAdapted || feedForward.isAdapted
    guard hasGradient else { return }
    let (kept, work) =
      switch extent {
      case nil: (17, 13)
      case .feedForward: (9, 25)
      case .blocks: (1, 30)
      }
    let isRecomputed = extent == .blocks
    let keepsPrompt = !isRecomputed || adapters.joinsPrompts
    bytes += (kept * rows + (keepsPrompt ? 2 * tokens : 0)) * width * itemSize
    // Float32 means and deviations of three norms, and the logarithms of two attentions' sums.
    if !isRecomputed { bytes += rows * 4 * (6 + 2 * configuration.attentionHeadDim[level]) }
    keep(attention, isRecomputed: isRecomputed, work: work * width * rows)
    keep(feedForward, isRecomputed: extent != nil, work: work * width * rows)
  }

  /// The input, if the convolution has an adapter.
  private mutating func sampler(_ path: String, _ width: Int, _ level: Int) {
    let rows = count(at: level)
    let layers = adapters.layers([path], input: width, rows: rows)
    hasGradient = hasGradient || layers.isAdapted
    keep(layers, isRecomputed: false, work: width * rows)
  }

  /// Adds what the adapters of layers keep, or what their backward pass takes if they are recomputed.
  ///
  /// - Parameter work: The numbers that the backward pass takes besides.
  private mutating func keep(_ layers: AdapterCount.Layers, isRecomputed: Bool, work: Int) {
    if !isRecomputed { bytes += layers.bytes }
    peak = max(peak, bytes + (isRecomputed ? layers.bytes : 0) + layers.work + work * itemSize)
  }
}
