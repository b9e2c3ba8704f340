import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

@Suite("The whole autoencoder")
struct VAEGoldenTests {
  @Test("gives diffusers' moments and gradients", arguments: ["vae-encode", "vae-encode-wide"])
  func encode(_ name: String) throws {
    let golden = try Golden("models/\(name)")
    let vae = try TinyModel.vae()
    try golden.trackGradients(of: vae)
    let sample = try golden.input("sample")
    let latents = try vae.encode(sample)
    let outputs = ["mean": latents.mean, "logvar": latents.logvar]
    #expect(
      try golden.differences(outputs: outputs, inputs: ["sample": sample], module: vae) == [])
  }

  @Test("gives diffusers' pictures and gradients", arguments: ["vae-decode", "vae-decode-wide"])
  func decode(_ name: String) throws {
    let golden = try Golden("models/\(name)")
    let vae = try TinyModel.vae()
    try golden.trackGradients(of: vae)
    let sample = try golden.input("sample")
    let outputs = ["sample": try vae.decode(sample)]
    #expect(
      try golden.differences(outputs: outputs, inputs: ["sample": sample], module: vae) == [])
  }

  @Test("gives diffusers' moments of an image that is encoded in tiles")
  func tiles() throws {
    let golden = try Golden("models/vae-encode-tiled")
    let sample = try golden.input("rows") + golden.input("columns")
    let latents = try TinyModel.vae().tiledEncode(sample, tileSize: 64)
    #expect(
      try golden.differences(outputs: ["mean": latents.mean, "logvar": latents.logvar]) == [])
  }

  @Test("gives diffusers' picture of latents that are decoded in tiles")
  func decodedTiles() throws {
    let golden = try Golden("models/vae-decode-tiled")
    let picture = try TinyModel.vae().tiledDecode(golden.input("sample"), tileSize: 32)
    #expect(try golden.differences(outputs: ["sample": picture]) == [])
  }

  @Test("encodes and decodes one tile as the whole, bit for bit")
  func oneTile() throws {
    let vae = try TinyModel.vae()
    let sample = try Generator(seed: 1).normal([1, 3, 72, 96])
    let whole = try vae.encode(sample)
    let tiled = try vae.tiledEncode(sample)
    #expect(try tiled.mean.bytes() == whole.mean.bytes())
    #expect(try tiled.logvar.bytes() == whole.logvar.bytes())
    let decoded = try [vae.decode(whole.mean), vae.tiledDecode(whole.mean)]
    #expect(try decoded[0].bytes() == decoded[1].bytes())
  }

  @Test("samples latents from mean, deviation and noise, with the log variance clamped")
  func sampling() throws {
    let moments = try Tensor([Float(1), 2, 2 * 0.6931472, 50], shape: [1, 4, 1, 1])
    let gaussian = try DiagonalGaussian(moments: moments)
    #expect(try gaussian.logvar.floats() == [2 * 0.6931472, 20])
    let noise = try Tensor([Float(-3), 0], shape: [1, 2, 1, 1])
    let sample = try gaussian.sample(noise: noise).floats()
    #expect(abs(sample[0] - -5) < 1e-5)
    #expect(sample[1] == 2)
  }

  @Test("scales latents by shift and factor, and back")
  func scaling() throws {
    var configuration = VAEConfiguration()
    configuration.scalingFactor = 0.5
    configuration.shiftFactor = 3
    let vae = AutoencoderKL(configuration)
    let latents = try Tensor([Float(5), 3], shape: [1, 2])
    let scaled = try vae.scaled(latents)
    #expect(try scaled.floats() == [1, 0])
    #expect(try vae.unscaled(scaled).floats() == [5, 3])
  }

  @Test("has no 1 x 1 convolutions and no attention if its configuration turns them off")
  func optionalParts() throws {
    var configuration = VAEConfiguration()
    let complete = keys(configuration)
    configuration.useQuantConv = false
    configuration.usePostQuantConv = false
    configuration.midBlockAddAttention = false
    let removed = complete.subtracting(keys(configuration))
    #expect(removed.count == 2 + 2 + 2 * 10)
    #expect(removed.isSuperset(of: ["quant_conv.weight", "post_quant_conv.bias"]))
  }

  private func keys(_ configuration: VAEConfiguration) -> Set<String> {
    Set(AutoencoderKL(configuration).parameters().map(\.path))
  }
}
