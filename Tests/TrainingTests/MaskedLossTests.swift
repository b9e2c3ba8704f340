import Foundation
import Images
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Training

@Suite("Masked images and class images in one loss")
struct MaskedLossTests {
  private struct Reference: Decodable {
    let floor: Double
    let gamma: Double
    let priorWeight: Double
    let scale: Int
  }

  @Test(
    "loss, its parts and the gradients are PyTorch's, for equal and different sizes",
    arguments: ["same-size", "other-size"])
  func golden(name: String) throws {
    let golden = try Golden("masks/\(name)")
    let reference = try golden.config(as: Reference.self)
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    let unet = try model.loadUNet()
    let sites = try unet.attachAdapters(
      LoRA.self, targets: TrainingConfig().adaptation.targets.patterns,
      settings: AdapterSettings(rank: 4, alpha: 4)
    ) { _ in try Generator(seed: 0) }
    let trained = sites.flatMap(\.tensors)
    let initial = try Golden("training/initial-adapter")
    for (name, tensor) in trained { try tensor.copy(from: initial.tensor("unet.\(name)")) }

    var instances = try batch(golden, "instance")
    let pixels = try golden.tensor("mask")
    let size = (width: pixels.shape[3], height: pixels.shape[2])
    let crop = ImageCrop(
      image: try RGBImage(
        width: size.width, height: size.height,
        pixels: Array(repeating: 0, count: 3 * size.width * size.height)),
      mask: try GrayImage(width: size.width, height: size.height, pixels: try pixels.uint8s()))
    let mask = try #require(try crop.weights(scale: reference.scale))
    #expect(try relativeDifference(mask, golden.tensor("area")) <= 1e-6)
    instances.weights = try LossWeights.batch(
      [image(instances, mask: mask), image(instances, mask: nil)], floor: reference.floor)
    let objective = Objective(
      schedule: NoiseSchedule(model.scheduler), minSNRGamma: reference.gamma,
      priorWeight: reference.priorWeight)
    let loss = try objective.loss(
      of: TrainingPass(instances, classImages: batch(golden, "class")), by: unet)

    let parts = try #require(loss.parts)
    for (found, expected) in [
      (loss.total, "loss"), (parts.instance, "instance_loss"), (parts.prior, "prior_loss"),
    ] {
      #expect(
        try relativeDifference(found.detach(), golden.tensor(expected)) <= 1e-5, "\(expected)")
    }
    try loss.total.backward()
    let norm = try Tensor.norm(of: trained.compactMap { try $0.tensor.grad }).item()
    let expected = try golden.tensor("grad_norm").item()
    #expect(abs(norm - expected) <= 1e-5 * expected)
    for name in golden.names where name.hasPrefix("grad.") {
      let tensor = try #require(trained.first { name == "grad.\($0.name)" }).tensor
      let gradient = try #require(try tensor.grad)
      #expect(try relativeDifference(gradient, golden.tensor(name)) <= 1e-5, "\(name)")
    }
  }

  @Test("a batch without masks has no weights; black has the floor as weight, white has 1")
  func weights() throws {
    let latents = try Tensor.zeros([1, 4, 2, 2])
    let posterior = DiagonalGaussian(mean: latents, logvar: latents)
    #expect(
      try LossWeights.batch([EncodedImage(posterior: posterior, mask: nil)], floor: 0) == nil)
    let mask = try Tensor([0, 1, 0.5, 0] as [Float], shape: [1, 1, 2, 2])
    let weights = try LossWeights.batch(
      [EncodedImage(posterior: posterior, mask: mask)], floor: 0.2)
    for (found, expected) in zip(try #require(weights).doubles(), [0.2, 1, 0.6, 0.2]) {
      #expect(abs(found - expected) < 1e-6)
    }
  }

  private func batch(_ golden: Golden, _ part: String) throws -> TrainingBatch {
    func input(_ name: String) throws -> Tensor { try golden.tensor("\(part).\(name)") }
    let timesteps = try input("timesteps").int64s().map { Int($0) }
    return TrainingBatch(
      latents: try input("latents"), noise: try input("noise"), timesteps: timesteps,
      embeds: try input("prompt_embeds"), pooled: try input("pooled_embeds"),
      timeIds: try input("time_ids"), files: timesteps.map { _ in part })
  }

  private func image(_ batch: TrainingBatch, mask: Tensor?) throws -> EncodedImage {
    let latents = try batch.latents.narrow(dim: 0, start: 0, length: 1)
    return EncodedImage(posterior: DiagonalGaussian(mean: latents, logvar: latents), mask: mask)
  }
}
