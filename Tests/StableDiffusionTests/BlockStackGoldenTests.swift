import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

@Suite("The outputs, skips and gradients of every kind of level equal diffusers'")
struct BlockStackGoldenTests {
  private struct UNetLevel: Decodable {
    let inChannels, resnetGroups, tembChannels: Int
    let resnetEps: Double
    let outChannels, prevOutputChannel, numLayers, downsamplePadding: Int?
    let addDownsample, addUpsample, useLinearProjection: Bool?
    let transformerLayersPerBlock, numAttentionHeads, crossAttentionDim: Int?

    var transformer: Transformer2DModel.Shape? {
      guard let heads = numAttentionHeads, let layers = transformerLayersPerBlock,
        let width = crossAttentionDim, let linear = useLinearProjection
      else { return nil }
      return .init(
        heads: heads, layers: layers, crossAttentionDim: width, useLinearProjection: linear)
    }
  }

  private struct VAELevel: Decodable {
    let inChannels, resnetGroups: Int
    let outChannels, numLayers: Int?
  }

  @Test(arguments: ["down-block", "down-block-last", "cross-attention-down-block"])
  func downBlocks(_ name: String) throws {
    try check(name, UNetLevel.self) {
      UNetDownBlock2D(
        $0.inChannels, try #require($0.outChannels), layers: try #require($0.numLayers),
        tembChannels: $0.tembChannels, groups: $0.resnetGroups, eps: $0.resnetEps,
        transformer: $0.transformer,
        downsamplePadding: $0.addDownsample == false ? nil : $0.downsamplePadding)
    } run: { block, input in
      var skips: [Tensor] = []
      let sample = try block(
        input("sample"), temb: input("temb").silu(), prompt: context(block.attentions, input),
        skips: &skips)
      let named = skips.enumerated().map { ("skip.\($0.offset)", $0.element) }
      return Dictionary(uniqueKeysWithValues: named + [("sample", sample)])
    }
  }

  @Test func midBlock() throws {
    try check("mid-block", UNetLevel.self) {
      UNetMidBlock2D(
        $0.inChannels, tembChannels: $0.tembChannels, groups: $0.resnetGroups, eps: $0.resnetEps,
        transformer: $0.transformer)
    } run: { block, input in
      let sample = try block(
        input("sample"), temb: input("temb").silu(), prompt: PromptContext(input("context")))
      return ["sample": sample]
    }
  }

  @Test(arguments: ["up-block", "up-block-upsample", "cross-attention-up-block"])
  func upBlocks(_ name: String) throws {
    try check(name, UNetLevel.self) {
      UNetUpBlock2D(
        skipChannels: $0.inChannels, prevOutputChannel: try #require($0.prevOutputChannel),
        outChannels: try #require($0.outChannels), layers: try #require($0.numLayers),
        tembChannels: $0.tembChannels, groups: $0.resnetGroups, eps: $0.resnetEps,
        transformer: $0.transformer, upsample: $0.addUpsample ?? true)
    } run: { block, input in
      var skips = [try input("skip_0"), try input("skip_1")]
      let sample = try block(
        input("sample"), temb: input("temb").silu(), prompt: context(block.attentions, input),
        skips: &skips)
      #expect(skips.isEmpty)
      return ["sample": sample]
    }
  }

  @Test func encoderBlock() throws {
    try check("encoder-block", VAELevel.self) {
      DownEncoderBlock2D(
        $0.inChannels, try #require($0.outChannels), layers: try #require($0.numLayers),
        groups: $0.resnetGroups, downsample: true)
    } run: { block, input in
      ["sample": try block(input("sample"))]
    }
  }

  @Test func decoderBlock() throws {
    try check("decoder-block", VAELevel.self) {
      UpDecoderBlock2D(
        $0.inChannels, try #require($0.outChannels), layers: try #require($0.numLayers),
        groups: $0.resnetGroups, upsample: true)
    } run: { block, input in
      ["sample": try block(input("sample"))]
    }
  }

  @Test func vaeMidBlock() throws {
    try check("mid-block-vae", VAELevel.self) {
      VAEMidBlock2D($0.inChannels, groups: $0.resnetGroups, addAttention: true)
    } run: { block, input in
      ["sample": try block(input("sample"))]
    }
  }

  /// The prompt. For blocks without attention none is recorded, and they ignore it.
  private func context(
    _ attentions: [Transformer2DModel], _ input: (String) throws -> Tensor
  ) throws -> PromptContext {
    PromptContext(try attentions.isEmpty ? Tensor.zeros([1]) : input("context"))
  }
}
