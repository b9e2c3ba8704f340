public import Files
public import NN
public import Torch

/// The network that predicts the noise in a latent, given timestep and prompt (Ronneberger et al.
/// 2015; Rombach et al. 2022; Podell et al. 2023; diffusers `UNet2DConditionModel`).
public final class UNet2DConditionModel: LinearGrouping {
  /// Sizes and switches, from `unet/config.json`.
  public let configuration: UNetConfiguration
  let convIn: Conv2d
  private let timeProj: Timesteps
  let timeEmbedding: TimestepEmbedding
  private let addTimeProj: Timesteps?
  let addEmbedding: TimestepEmbedding?
  let downBlocks: [UNetDownBlock2D]
  let midBlock: UNetMidBlock2D?
  let upBlocks: [UNetUpBlock2D]
  let convNormOut: GroupNorm
  let convOut: Conv2d
  private var promptProjections: [PromptProjections] = []

  /// The network without weights.
  public init(_ configuration: UNetConfiguration) {
    let channels = configuration.blockOutChannels
    let timeEmbedDim = configuration.timeEmbeddingDim ?? 4 * channels[0]
    self.configuration = configuration
    convIn = Self.conv(configuration.inChannels, channels[0], kernel: configuration.convInKernel)
    timeProj = configuration.timesteps(channels[0])
    timeEmbedding = TimestepEmbedding(inChannels: channels[0], timeEmbedDim: timeEmbedDim)
    if configuration.additionEmbedType == .textTime {
      addTimeProj = configuration.additionTimeEmbedDim.map(configuration.timesteps)
      addEmbedding = configuration.projectionClassEmbeddingsInputDim.map {
        TimestepEmbedding(inChannels: $0, timeEmbedDim: timeEmbedDim)
      }
    } else {
      addTimeProj = nil
      addEmbedding = nil
    }
    downBlocks = channels.indices.map {
      Self.downBlock($0, configuration, tembChannels: timeEmbedDim)
    }
    midBlock = Self.midBlock(configuration, tembChannels: timeEmbedDim)
    upBlocks = channels.indices.reversed().map {
      Self.upBlock($0, configuration, tembChannels: timeEmbedDim)
    }
    convNormOut = GroupNorm(
      groups: configuration.normNumGroups, channels: channels[0], eps: configuration.normEps)
    convOut = Self.conv(channels[0], configuration.outChannels, kernel: configuration.convOutKernel)
    let attentions = modules().compactMap { ($0.module as? BasicTransformerBlock)?.attn2 }
    promptProjections = Dictionary(grouping: attentions, by: \.toK.inFeatures).values
      .map(PromptProjections.init)
  }

  /// The layers that project the prompt.
  package var linearGroups: [LinearGroup] { promptProjections.map(\.group) }

  /// Predicts the noise, or another target that the model was trained for. Inputs are cast to the
  /// type of the weights.
  ///
  /// - Parameters:
  ///   - sample: noisy latents `[B, inChannels, H, W]` of any size.
  ///   - timestep: one for all, `[1]`, or one for each latent, `[B]`.
  ///   - encoderHiddenStates: the prompt, `[B, M, crossAttentionDim]`.
  ///   - addedConditioning: required if the configuration has an `additionEmbedType`.
  /// - Returns: `[B, outChannels, H, W]`.
  /// - Throws: `UNetError` if the conditioning is missing; `TorchError`.
  public func callAsFunction(
    _ sample: Tensor, timestep: Tensor, encoderHiddenStates: Tensor,
    addedConditioning: AddedConditioning? = nil
  ) throws -> Tensor {
    var prompt = PromptContext(try encoderHiddenStates.to(convIn.weight.tensor.dtype))
    for projections in promptProjections where projections.group.isFused {
      try projections.add(to: &prompt)
    }
    return try self(
      sample, timestep: timestep, prompt: prompt, addedConditioning: addedConditioning)
  }

  /// The prompt `[B, M, crossAttentionDim]` with its keys and values, which are the same in all steps of
  /// a drawing. They take two tensors `[B, M, C]` for each attention.
  func context(of encoderHiddenStates: Tensor) throws -> PromptContext {
    var prompt = PromptContext(try encoderHiddenStates.to(convIn.weight.tensor.dtype))
    for projections in promptProjections { try projections.add(to: &prompt) }
    return prompt
  }

  /// As ``callAsFunction(_:timestep:encoderHiddenStates:addedConditioning:)``, with a prompt that may
  /// contain its keys and values.
  func callAsFunction(
    _ sample: Tensor, timestep: Tensor, prompt: PromptContext,
    addedConditioning: AddedConditioning?
  ) throws -> Tensor {
    let dtype = try convIn.weight.tensor.dtype
    // Each resnet projects the activated embedding, so it is activated once.
    let temb = try embedding(
      timestep.expand([sample.shape[0]]), addedConditioning, dtype: dtype
    ).silu()

    var hidden = try convIn(sample.to(dtype))
    var skips = [hidden]
    for block in downBlocks {
      hidden = try block(hidden, temb: temb, prompt: prompt, skips: &skips)
    }
    if let midBlock {
      hidden = try midBlock(hidden, temb: temb, prompt: prompt)
    }
    for block in upBlocks {
      hidden = try block(hidden, temb: temb, prompt: prompt, skips: &skips)
    }
    return try convOut(convNormOut.activated(hidden))
  }

  /// The conditioning of every resnet, `[B, T]`: the timestep and the added conditioning.
  private func embedding(
    _ timestep: Tensor, _ addedConditioning: AddedConditioning?, dtype: DType
  ) throws -> Tensor {
    let temb = try timeEmbedding(timeProj(timestep).to(dtype))
    guard let addTimeProj, let addEmbedding else { return temb }
    guard let addedConditioning else { throw UNetError.missingConditioning }
    return try temb + addEmbedding(addedConditioning.features(addTimeProj, dtype: dtype))
  }
}

/// A UNet that cannot run.
public enum UNetError: ReportableError {
  /// The model needs `AddedConditioning`, and the call has none.
  case missingConditioning

  /// The kind of error.
  public var kind: ErrorKind {
    .internal
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .missingConditioning:
      "This UNet has addition_embed_type text_time and was called without addedConditioning; "
        + "pass the pooled text vector and the sizes."
    }
  }
}

extension UNet2DConditionModel {
  private static func conv(_ inChannels: Int, _ outChannels: Int, kernel: Int) -> Conv2d {
    Conv2d(inChannels, outChannels, kernelSize: kernel, padding: (kernel - 1) / 2)
  }

  private static func downBlock(
    _ level: Int, _ configuration: UNetConfiguration, tembChannels: Int
  ) -> UNetDownBlock2D {
    let channels = configuration.blockOutChannels
    return UNetDownBlock2D(
      channels[max(level - 1, 0)], channels[level], layers: configuration.layersPerBlock[level],
      tembChannels: tembChannels, groups: configuration.normNumGroups, eps: configuration.normEps,
      transformer: configuration.downBlockTypes[level] == .crossAttention
        ? configuration.transformer(level) : nil,
      downsamplePadding: level < channels.count - 1 ? configuration.downsamplePadding : nil)
  }

  private static func midBlock(
    _ configuration: UNetConfiguration, tembChannels: Int
  ) -> UNetMidBlock2D? {
    let last = configuration.blockOutChannels.count - 1
    return configuration.midBlockType.map {
      UNetMidBlock2D(
        configuration.blockOutChannels[last], tembChannels: tembChannels,
        groups: configuration.normNumGroups, eps: configuration.normEps,
        transformer: $0 == .crossAttention ? configuration.transformer(last) : nil)
    }
  }

  /// The block of a level, counted from the outermost as in the down path.
  private static func upBlock(
    _ level: Int, _ configuration: UNetConfiguration, tembChannels: Int
  ) -> UNetUpBlock2D {
    let channels = configuration.blockOutChannels
    let last = channels.count - 1
    return UNetUpBlock2D(
      skipChannels: channels[max(level - 1, 0)],
      prevOutputChannel: channels[min(level + 1, last)], outChannels: channels[level],
      layers: configuration.layersPerBlock[level] + 1, tembChannels: tembChannels,
      groups: configuration.normNumGroups, eps: configuration.normEps,
      transformer: configuration.upBlockTypes[last - level] == .crossAttention
        ? configuration.transformer(level) : nil,
      upsample: level > 0)
  }
}

extension UNetConfiguration {
  /// The sinusoid of this model, with the given width.
  fileprivate func timesteps(_ channels: Int) -> Timesteps {
    Timesteps(numChannels: channels, flipSinToCos: flipSinToCos, downscaleFreqShift: freqShift)
  }

  /// The transformers of a level, counted from the outermost.
  fileprivate func transformer(_ level: Int) -> Transformer2DModel.Shape {
    Transformer2DModel.Shape(
      heads: attentionHeadDim[level], layers: transformerLayersPerBlock[level],
      crossAttentionDim: crossAttentionDim[level], useLinearProjection: useLinearProjection)
  }
}
