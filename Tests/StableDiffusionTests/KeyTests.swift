import Foundation
import NN
import TestSupport
import Testing

@testable import StableDiffusion

@Suite("SDXL's keys and shapes equal diffusers', without any weights")
struct KeyTests {
  private static let targets = ["to_q", "to_k", "to_v", "to_out.0"]

  @Test func unet() throws {
    let unet = UNet2DConditionModel(try configuration("unet"))
    let parameters = unet.parameters()
    #expect(parameters.count == 1680)
    #expect(
      parameters.reduce(0) { $0 + $1.parameter.shape.reduce(1, *) } == 2_567_463_684)
    #expect(try shapes(of: unet) == recorded("unet"))
  }

  @Test func vae() throws {
    let vae = AutoencoderKL(try configuration("vae"))
    #expect(vae.parameters().count == 248)
    #expect(try shapes(of: vae) == recorded("vae"))
  }

  @Test("560 attention layers can have an adapter")
  func sites() throws {
    let unet = UNet2DConditionModel(try configuration("unet"))
    let paths = try unet.adapterPaths(in: LayerSelection(Self.targets))
    let keys = try recorded("unet").keys
    let expected = keys.filter { key in
      Self.targets.contains { key.hasSuffix(".\($0).weight") }
    }
    #expect(paths.count == 560)
    #expect(Set(paths.map { "\($0).weight" }) == Set(expected))
    #expect(
      paths.first == "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q")
  }

  private func configuration<Configuration: Decodable>(
    _ component: String
  ) throws -> Configuration {
    try ConfigurationFile.decode(
      from: Repository.golden.appending(path: "keys/\(component)/config.json"))
  }

  private func recorded(_ component: String) throws -> [String: [Int]] {
    let file = Repository.golden.appending(path: "keys/sdxl-\(component).keys.json")
    return try JSONDecoder().decode([String: [Int]].self, from: Data(contentsOf: file))
  }

  private func shapes(of module: any Module) -> [String: [Int]] {
    Dictionary(
      module.parameters().map { ($0.path, $0.parameter.shape) }, uniquingKeysWith: { $1 })
  }
}
