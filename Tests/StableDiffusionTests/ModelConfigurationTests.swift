import Foundation
import TestSupport
import Testing

@testable import StableDiffusion

@Suite("The configurations of UNet and autoencoder")
struct ModelConfigurationTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  @Test("have diffusers' defaults for missing keys")
  func defaults() throws {
    #expect(try unet("{}") == UNetConfiguration())
    #expect(try vae("{}") == VAEConfiguration())
  }

  @Test("accept one number for all levels, or one for each")
  func perLevel() throws {
    let configuration = try unet(
      """
      {"block_out_channels": [32, 64], "layers_per_block": 3, "attention_head_dim": [1, 4],
       "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
       "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
       "mid_block_type": null, "transformer_layers_per_block": [1, 10]}
      """)
    #expect(configuration.layersPerBlock == [3, 3])
    #expect(configuration.attentionHeadDim == [1, 4])
    #expect(configuration.transformerLayersPerBlock == [1, 10])
    #expect(configuration.crossAttentionDim == [1280, 1280])
    #expect(configuration.downBlockTypes == [.plain, .crossAttention])
    #expect(configuration.upBlockTypes == [.crossAttention, .plain])
    #expect(configuration.midBlockType == nil)
  }

  @Test(
    "throw with file, key and value if a UNet's setting is not implemented",
    arguments: [
      (#"{"act_fn": "mish"}"#, "act_fn is mish"),
      (#"{"time_embedding_type": "fourier"}"#, "time_embedding_type is fourier"),
      (#"{"addition_embed_type": "image"}"#, "addition_embed_type is image"),
      (#"{"addition_embed_type": "text_time"}"#, "addition_time_embed_dim is null"),
      (#"{"class_embed_type": "timestep"}"#, "class_embed_type is given"),
      (#"{"only_cross_attention": true}"#, "only_cross_attention is true"),
      (#"{"mid_block_type": "Other"}"#, "mid_block_type is Other"),
      (#"{"down_block_types": ["DownBlock2D"]}"#, "down_block_types is a list of 1"),
      (#"{"layers_per_block": [2, 2]}"#, "layers_per_block is [2, 2]"),
      (#"{"layers_per_block": -1}"#, "layers_per_block is [-1, -1, -1, -1]"),
      (#"{"attention_head_dim": 7}"#, "attention_head_dim is [7, 7, 7, 7]"),
      (#"{"norm_num_groups": 33}"#, "norm_num_groups is 33"),
      (#"{"norm_num_groups": null}"#, "norm_num_groups is null"),
      (#"{"in_channels": "four"}"#, "in_channels is not of type Int"),
    ])
  func unsupportedUNet(json: String, problem: String) throws {
    let error = #expect(throws: ModelError.self) { try unet(json) }
    let message = try #require(error).description
    #expect(message.contains("config.json"))
    #expect(message.contains(problem))
  }

  @Test(
    "throw with file, key and value if an autoencoder's setting is not implemented",
    arguments: [
      (#"{"latents_mean": [0.1, 0.2, 0.3, 0.4]}"#, "latents_mean is given"),
      (#"{"act_fn": "relu"}"#, "act_fn is relu"),
      (#"{"down_block_types": ["Other"]}"#, #"down_block_types is ["Other"]"#),
      (#"{"block_out_channels": []}"#, "block_out_channels is []"),
      (#"{"norm_num_groups": 0}"#, "norm_num_groups is 0"),
    ])
  func unsupportedVAE(json: String, problem: String) throws {
    let error = #expect(throws: ModelError.self) { try vae(json) }
    let message = try #require(error).description
    #expect(message.contains("config.json"))
    #expect(message.contains(problem))
  }

  private func unet(_ json: String) throws -> UNetConfiguration {
    try ConfigurationFile.decode(from: file(json))
  }

  private func vae(_ json: String) throws -> VAEConfiguration {
    try ConfigurationFile.decode(from: file(json))
  }

  private func file(_ json: String) throws -> URL {
    let file = folder.url.appending(path: "config.json")
    try Data(json.utf8).write(to: file)
    return file
  }
}
