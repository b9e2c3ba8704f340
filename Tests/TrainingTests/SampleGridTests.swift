import Foundation
import Images
import TestSupport
import Testing

@testable import Training

@Suite("Sample grids")
struct SampleGridTests {
  private let training: TinyTraining
  private let config = TinyTraining.config { config in
    config.steps = 3
    config.sampleEvery = 2
    config.samplePrompts = ["a photo of sks dog", "ein Hündchen, \"rot\""]
    config.sampleSeeds = [5, 9]
  }

  init() throws { training = try TinyTraining() }

  private func grid(_ run: Int, step: Int) throws -> Data {
    try Data(contentsOf: training.runFolder(run).sampleGrid(step: step))
  }

  @Test("grids of prompts and seeds are drawn at step 0, every sample_every steps and at the end")
  func grids() throws {
    let (_, events) = try training.train(run: 1, config)
    #expect(events.samples == [0, 2, 3])
    for step in [0, 2, 3] {
      let grid = try ImageDecoder.decode(grid(1, step: step))
      #expect((grid.width, grid.height) == (136, 136))
      for (row, column, name) in [
        (0, 0, "prompt-1-seed-5"), (0, 1, "prompt-1-seed-9"), (1, 0, "prompt-2-seed-5"),
        (1, 1, "prompt-2-seed-9"),
      ] {
        let single = try ImageDecoder.decode(
          contentsOf: training.runFolder(1).sampleFolder(step: step).appending(path: "\(name).png"))
        let corner = (row * 72 * 136 + column * 72) * 3
        #expect(single.width == 64 && single.height == 64)
        #expect(Array(grid.pixels[corner..<corner + 192]) == Array(single.pixels[..<192]))
      }
    }
    #expect(try grid(1, step: 0) != grid(1, step: 2))
    #expect(try grid(1, step: 2) != grid(1, step: 3))
  }

  @Test("two equal runs draw the same bytes")
  func reproducible() throws {
    try training.train(run: 1, config)
    try training.train(run: 2, config)
    for step in [0, 2, 3] { #expect(try grid(1, step: step) == grid(2, step: step)) }
  }

  @Test("every picture contains its options")
  func parameters() throws {
    try training.train(run: 1, config)
    let folder = training.runFolder(1).sampleFolder(step: 2)
    let data = try Data(contentsOf: folder.appending(path: "prompt-2-seed-9.png"))
    let texts = try PNGText.read(data)
    #expect(texts.map(\.key) == ["parameters"])
    #expect(
      texts.first?.value == """
        ein Hündchen, "rot"
        Steps: 2, Sampler: Euler, CFG scale: 5.0, Seed: 9, Size: 64x64, \
        Model: tiny-sdxl, LoRA: dog@2
        """)
    let legend = try PNGText.read(grid(1, step: 2))
    #expect(legend.first?.value.contains("a photo of sks dog | ein Hündchen") == true)
    #expect(legend.first?.value.contains("5, 9") == true)
  }

  @Test("an interrupted grid is drawn when the run is resumed", arguments: [0, 2, 3])
  func interrupted(step: Int) throws {
    try training.train(run: 1, config)
    let (outcome, events) = try training.train(run: 2, config) { events, _ in
      if case .sampling(step, 3, 4) = events.last { true } else { false }
    }
    #expect(outcome == .stopped(step: step))
    #expect(!events.samples.contains(step))
    #expect(
      !FileManager.default.fileExists(atPath: training.runFolder(2).sampleFolder(step: step).path))
    let checkpoint = training.runFolder(2).newestCheckpoint().checkpoint
    #expect(checkpoint?.step ?? 0 == step)
    let (end, rest) = try training.train(run: 2, config, from: checkpoint)
    #expect(end == .finished)
    #expect(rest.samples == [0, 2, 3].filter { $0 >= step })
    for step in [0, 2, 3] { #expect(try grid(1, step: step) == grid(2, step: step)) }
  }

  @Test("without samples nothing is drawn")
  func none() throws {
    let (_, events) = try training.train(run: 1)
    #expect(events.samples.isEmpty)
    let samples = training.runFolder(1).url.appending(path: "samples")
    #expect(!FileManager.default.fileExists(atPath: samples.path))
  }
}
