import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

@Suite("The outputs and gradients of every kind of block equal diffusers'")
struct BlockGoldenTests {
  @Test(arguments: ["resnet", "resnet-shortcut", "resnet-vae", "resnet-vae-shortcut"])
  func resnets(_ name: String) throws {
    struct Config: Decodable {
      let inChannels, outChannels, groups: Int
      let tembChannels: Int?
      let eps: Double
    }
    try check(name, Config.self) {
      ResnetBlock2D(
        $0.inChannels, $0.outChannels, tembChannels: $0.tembChannels, groups: $0.groups,
        eps: $0.eps)
    } run: { resnet, input in
      [
        "sample": try resnet(
          input("sample"), temb: resnet.timeEmbProj.map { _ in try input("temb").silu() })
      ]
    }
  }

  @Test(arguments: ["downsample", "downsample-vae"])
  func downsamplers(_ name: String) throws {
    struct Config: Decodable { let channels, padding: Int }
    /// In diffusers, a downsampler alone has its convolution under an older name.
    final class Host: Module {
      let Conv2d_0: Conv2d
      let apply: (Tensor) throws -> Tensor

      init(_ downsampler: Downsample2D) {
        Conv2d_0 = downsampler.conv
        apply = { try downsampler($0) }
      }
    }
    try check(name, Config.self) {
      Host(Downsample2D($0.channels, padding: $0.padding))
    } run: { host, input in
      ["sample": try host.apply(input("sample"))]
    }
  }

  @Test(arguments: ["upsample", "upsample-size"])
  func upsamplers(_ name: String) throws {
    struct Config: Decodable {
      let channels: Int
      let outputSize: [Int]?
    }
    let size = try Golden("blocks/\(name)").config(as: Config.self).outputSize
    try check(name, Config.self) {
      Upsample2D($0.channels)
    } run: { upsampler, input in
      guard let size else { return ["sample": try upsampler(input("sample"))] }
      return ["sample": try upsampler(input("sample"), height: size[0], width: size[1])]
    }
  }

  @Test func feedForward() throws {
    struct Config: Decodable { let dim: Int }
    try check("feed-forward", Config.self) {
      FeedForward($0.dim)
    } run: { feedForward, input in
      ["sample": try feedForward(input("sample"))]
    }
  }

  @Test(arguments: ["attention-self", "attention-cross"])
  func attentions(_ name: String) throws {
    struct Config: Decodable {
      let queryDim, heads, dimHead: Int
      let crossAttentionDim: Int?
    }
    let crosses = name == "attention-cross"
    try check(name, Config.self) {
      Attention(
        queryDim: $0.queryDim, crossAttentionDim: $0.crossAttentionDim, heads: $0.heads,
        headDim: $0.dimHead)
    } run: { attention, input in
      let sample = try input("sample")
      guard crosses else { return ["sample": try attention(sample)] }
      let keysAndValues = try attention.keysAndValues(of: input("context"))
      return ["sample": try attention(sample, keysAndValues: keysAndValues)]
    }
  }

  @Test func attentionOverPixels() throws {
    struct Config: Decodable { let queryDim, normNumGroups: Int }
    try check("attention-vae", Config.self) {
      Attention.overPixels($0.queryDim, groups: $0.normNumGroups)
    } run: { attention, input in
      ["sample": try attention.overPixels(input("sample"))]
    }
  }

  @Test func transformerBlock() throws {
    struct Config: Decodable { let dim, numAttentionHeads, crossAttentionDim: Int }
    try check("transformer-block", Config.self) {
      BasicTransformerBlock(
        dim: $0.dim, heads: $0.numAttentionHeads, crossAttentionDim: $0.crossAttentionDim)
    } run: { block, input in
      ["sample": try block(input("sample"), prompt: [input("context")])]
    }
  }

  @Test(arguments: ["transformer-linear", "transformer-conv"])
  func transformers(_ name: String) throws {
    struct Config: Decodable {
      let numAttentionHeads, inChannels, numLayers, crossAttentionDim, normNumGroups: Int
      let useLinearProjection: Bool
    }
    try check(name, Config.self) {
      Transformer2DModel(
        $0.inChannels,
        shape: .init(
          heads: $0.numAttentionHeads, layers: $0.numLayers,
          crossAttentionDim: $0.crossAttentionDim, useLinearProjection: $0.useLinearProjection),
        groups: $0.normNumGroups)
    } run: { transformer, input in
      ["sample": try transformer(input("sample"), prompt: PromptContext(input("context")))]
    }
  }

  @Test(arguments: ["timesteps-32", "timesteps-320"])
  func timesteps(_ name: String) throws {
    struct Config: Decodable {
      let numChannels: Int
      let flipSinToCos: Bool
      let downscaleFreqShift: Double
    }
    let golden = try Golden("blocks/\(name)")
    let config = try golden.config(as: Config.self)
    let timesteps = Timesteps(
      numChannels: config.numChannels, flipSinToCos: config.flipSinToCos,
      downscaleFreqShift: config.downscaleFreqShift)
    let sample = try timesteps(golden.input("timesteps"))
    #expect(try golden.differences(outputs: ["sample": sample]) == [])
  }

  @Test func timestepEmbedding() throws {
    struct Config: Decodable { let inChannels, timeEmbedDim: Int }
    try check("timestep-embedding", Config.self) {
      TimestepEmbedding(inChannels: $0.inChannels, timeEmbedDim: $0.timeEmbedDim)
    } run: { embedding, input in
      ["sample": try embedding(input("sample"))]
    }
  }

  @Test func textTimeEmbedding() throws {
    struct Config: Decodable { let pooled, dim, timeEmbedDim: Int }
    final class Host: Module {
      let addTimeProj: Timesteps
      let addEmbedding: TimestepEmbedding

      init(_ config: Config) {
        addTimeProj = Timesteps(
          numChannels: config.dim, flipSinToCos: true, downscaleFreqShift: 0)
        addEmbedding = TimestepEmbedding(
          inChannels: config.pooled + 6 * config.dim, timeEmbedDim: config.timeEmbedDim)
      }
    }
    try check("text-time-embedding", Config.self) {
      Host($0)
    } run: { host, input in
      let conditioning = AddedConditioning(
        textEmbeds: try input("text_embeds"), timeIds: try input("time_ids").to(.float32))
      let features = try conditioning.features(host.addTimeProj, dtype: .float32)
      return ["sample": try host.addEmbedding(features)]
    }
  }
}
