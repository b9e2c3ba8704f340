import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Whole pictures of the pipeline against diffusers' two SDXL pipelines.
@Suite struct DrawingGoldenTests {
  private static let shapes = ["square", "wide", "tall"].flatMap { size in
    ["10", "50", "50-negative", "75", "75-negative"].map { "\(size)-\($0)" }
  }

  @Test("Three sizes, guidance 1, 5 and 7.5, with and without a negative prompt", arguments: shapes)
  func shape(_ name: String) throws { try expectSame(name) }

  @Test(
    "Size conditioning, also negative, guidance rescale, and a start image",
    arguments: ["sizes", "sizes-negative", "rescale", "image", "image-wide", "image-whole"])
  func option(_ name: String) throws { try expectSame(name) }

  @Test(
    "Base and refiner, split at 0.7 and 0.8",
    arguments: [
      "split-07", "split-08", "split-07-forty", "split-negative", "split-no-guidance",
      "split-scores", "split-sizes", "split-image",
    ])
  func ensemble(_ name: String) throws { try expectSame(name) }

  @Test(
    "A refiner that starts from the finished picture",
    arguments: ["refiner-image", "refiner-image-rescale"])
  func refinerOver(_ name: String) throws { try expectSame(name) }

  @Test(
    "Other samplers continue in the refiner and begin at a start image as in diffusers",
    arguments: ["split", "image", "refiner-image"].flatMap { kind in
      ["euler-a", "heun", "ddim", "dpm++-2m-karras", "dpm++-2m-sde", "unipc"].map {
        "\(kind)-\($0)"
      }
    })
  func sampler(_ name: String) throws { try expectSame(name) }

  @Test("0.7 of 40 steps are 28 by the base and 12 by the refiner")
  func fortySteps() throws {
    let golden = try DrawingGolden("split-07-forty")
    #expect(golden.recorded.stepsTaken == [28, 12])
  }

  @Test("Every option has an effect: no two recorded pictures are equal")
  func differ() throws {
    let names = ["square-50", "sizes", "image", "split-07", "split-08", "split-scores"]
    let pictures = try names.map { name in
      try Golden("drawings/\(name)").tensor("out.image").uint8s()
    }
    #expect(Set(pictures).count == names.count)
  }

  private func expectSame(_ name: String) throws {
    let golden = try DrawingGolden(name)
    let model = try ModelDirectory(DrawingGolden.base)
    let sampler = golden.recorded.scheduler.flatMap { SchedulerName($0) }
    let scheduler = sampler.map(model.scheduler.replacingClass)
    let pipeline = StableDiffusionXLPipeline(
      model,
      refiner: golden.usesRefiner ? try ModelDirectory(DrawingGolden.refiner, as: .refiner) : nil,
      scheduler: scheduler, refinerScheduler: scheduler)
    var steps = [0, 0]
    var drawn: Picture?
    try pipeline.draw(
      golden.series(),
      progress: { step in
        steps[step.isRefining ? 1 : 0] += 1
        #expect(step.done == steps[0] + steps[1])
      }, receive: { drawn = $1 })
    if sampler != .heun {  // diffusers counts predictions.
      #expect(steps.filter { $0 > 0 } == golden.recorded.stepsTaken)
    }
    let worst = try golden.worst(#require(drawn))
    #expect(worst <= 1, "a byte differs by \(worst)")
  }
}
