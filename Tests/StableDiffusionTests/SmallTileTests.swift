import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

@Suite("Squares of the VAE when memory is short")
struct SmallTileTests {
  @Test("When memory is short even for squares, they are halved")
  func smallerSquares() throws {
    defer { Backend.liftMemoryLimit() }
    let vae = try ModelDirectory(DrawingGolden.base).loadVAE()
    let latents = try Generator(seed: 1).normal([1, 4, 32, 32])
    let unscaled = try vae.unscaled(latents)
    let side = vae.configuration.sampleSize
    let (_, _, peak) = try countingMemory {
      try noGrad { try vae.tiledDecode(unscaled, tileSize: side / 2) }
    }
    let (_, _, larger) = try countingMemory {
      try noGrad { try vae.tiledDecode(unscaled, tileSize: side) }
    }
    let expected = try LatentDecoder(vae: vae, tiling: .always, tileSize: side / 2)
      .pictures(of: latents)
    #expect(larger > peak)
    try Backend.limitMemory(to: Backend.countedMemory() + (peak + larger) / 2)
    #expect(try LatentDecoder(vae: vae).pictures(of: latents) == expected)
  }
}
