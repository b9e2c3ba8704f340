import Foundation
import Images
import TestSupport
import Testing

extension CommandTests {
  /// Pictures that are drawn again from their records.
  @Suite struct RedrawingTests {
    private static let refiner = Repository.golden.appending(path: "tiny-refiner").path

    private let workspace: Workspace

    init() throws {
      workspace = try Workspace()
      let adapter = Repository.golden.appending(path: "lora/pytorch_lora_weights.safetensors")
      try workspace.write(Data(contentsOf: adapter), to: "first.safetensors")
      try workspace.write(Data(contentsOf: adapter), to: "second.safetensors")
    }

    @Test(
      "--from draws the same bytes again",
      arguments: [
        [],
        ["--lora", "first.safetensors:0.7", "--lora", "second.safetensors:-0.25"],
        ["--lora", "first.safetensors:0.5", "--no-merge-adapters", "--precision", "bf16"],
        ["--refiner", refiner, "--split", "0.5", "--aesthetic-score", "7.5"],
        ["--refiner", refiner, "--refiner-strength", "0.6", "--crop", "8,0"],
        ["--image", "Datasets/cube/1.png", "--image-strength", "0.75", "--vae-tiling", "on"],
        ["--scheduler", "dpm++-2m-sde-karras", "--guidance", "7.5", "--guidance-rescale", "0.7"],
        ["--long-prompts", "--prompt-weights", "--original-size", "200x300"],
        ["--negative-original-size", "384x512", "--negative-crop", "0,4", "--negative", ""],
      ])
    func again(_ options: [String]) throws {
      let first = try draw(options + ["--output", "a.png"])
      #expect(first.code == 0)
      let again = try workspace.run("generate", "--from", "a.png", "--output", "b.png")
      #expect(again.code == 0, "\(again.messages)")
      // The same notes on the prompt, and no others.
      #expect(again.messages == first.messages)
      #expect(try bytes("a.png") == bytes("b.png"))
    }

    @Test("Options given with --from replace recorded ones, and the rest stays")
    func overriding() throws {
      _ = try draw([
        "--lora", "first.safetensors", "--refiner", Self.refiner, "--split", "0.5", "--output",
        "a.png",
      ])
      func again(_ output: String, _ more: String...) throws -> [String: String] {
        let outcome = try workspace.run(
          ["generate", "--from", "a.png", "--output", output] + more)
        #expect(outcome.code == 0, "\(outcome.messages)")
        return try fields(output)
      }
      let other = try again("b.png", "--seed", "7", "--steps", "3", "--refiner-strength=0.7")
      #expect(other["Seed"] == "7" && other["Steps"] == "3")
      #expect(other["Refiner strength"] == "0.7" && other["Refiner switch at"] == nil)
      #expect(other["Lora hashes"]?.hasPrefix("\"first: ") == true)
      let lora = try again("c.png", "--lora", "second.safetensors:0.5", "--width", "72")
      #expect(lora["Lora hashes"]?.hasPrefix("\"second: ") == true)
      #expect(lora["Size"] == "72x64")
      _ = try draw(
        [
          "--lora", "second.safetensors:0.5", "--refiner", Self.refiner, "--split", "0.5",
          "--output",
          "d.png",
        ], width: 72)
      #expect(try bytes("c.png") == bytes("d.png"))
    }

    @Test("Changed files are named, unless flags replace them")
    func changed() throws {
      _ = try draw(["--lora", "first.safetensors", "--output", "a.png"])
      var adapter = try bytes("first.safetensors")
      adapter[adapter.count - 2] ^= 1
      try workspace.write(adapter, to: "first.safetensors")
      let refused = try workspace.run("generate", "--from", "a.png")
      #expect(refused.code == 65)
      #expect(
        refused.lastMessage == "lora-train: a.png cannot be drawn again as it was: the adapter "
          + "first.safetensors has changed; restore the file, or choose what to use instead.")
      let given = try workspace.run("generate", "--from", "a.png", "--lora", "first.safetensors")
      #expect(given.code == 0)
      try FileManager.default.removeItem(at: workspace.file("first.safetensors"))
      #expect(try workspace.run("generate", "--from", "a.png").code == 66)
    }

    @Test("A changed base model is named")
    func changedModel() throws {
      try FileManager.default.copyItem(
        at: URL(filePath: Workspace.model).resolvingSymlinksInPath(), to: workspace.file("model"))
      _ = try draw(["--model", "model", "--output", "a.png"])
      #expect(try workspace.run("generate", "--from", "a.png", "--output", "b.png").code == 0)
      let path = "model/scheduler/scheduler_config.json"
      let text = try String(contentsOf: workspace.file(path), encoding: .utf8)
      try workspace.write(
        text.replacing("EulerDiscreteScheduler", with: "DDIMScheduler"), to: path)
      let refused = try workspace.run("generate", "--from", "a.png", "--output", "c.png")
      #expect(refused.code == 65)
      #expect(refused.lastMessage.contains("the model model has changed"))
      let given = try workspace.run(
        "generate", "--from", "a.png", "--output", "c.png", "--model", "model")
      #expect(given.code == 0)
    }

    @Test("A picture of A1111 is drawn again, with a note on parameters that are not used")
    func infotext() throws {
      let text = """
        a cube, on
        a table <lora:other:0.8>
        Negative prompt: blurry
        Steps: 2, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4, Seed: 11, Size: 64x64, \
        Model hash: 31e35c80fc, Model: sd_xl_base_1.0, Clip skip: 2, RNG: CPU, \
        Lora hashes: "other: 012345678901", Version: v1.10.1
        """
      let image = try RGBImage(width: 1, height: 1, pixels: [1, 2, 3])
      try workspace.write(PNGEncoder.encode(image, text: [("parameters", text)]), to: "a.png")
      let drawn = try workspace.run(
        "generate", "--from", "a.png", "--model", Workspace.model, "--device", "cpu", "--output",
        "b.png")
      #expect(drawn.code == 0)
      #expect(
        drawn.messages == "Note: a.png has parameters that are not used: Clip skip: 2, "
          + "<lora:other:0.8>; choose models and adapters with --model and --lora.\n")
      let lines = try self.text("b.png").split(separator: "\n")
      #expect(lines[0...2] == ["a cube, on", "a table", "Negative prompt: blurry"])
      #expect(
        lines[3].hasPrefix(
          "Steps: 2, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4.0, Seed: 11, "
            + "Size: 64x64, "))
    }

    @Test("A picture without parameters, a missing file, and a file that is no picture")
    func refused() throws {
      let none = try workspace.run("generate", "--from", "Datasets/cube/0.png")
      #expect(none.code == 65)
      #expect(
        none.lastMessage.hasPrefix("lora-train: Datasets/cube/0.png has no record of how it was"))
      #expect(try workspace.run("generate", "--from", "nothing.png").code == 66)
      #expect(try workspace.run("generate", "--from", "Datasets/cube/0.txt").code == 65)
      let image = try RGBImage(width: 1, height: 1, pixels: [1, 2, 3])
      try workspace.write(PNGEncoder.encode(image, text: [("lora-train", "{")]), to: "a.png")
      #expect(
        try workspace.run("generate", "--from", "a.png").lastMessage.contains("cannot be read"))
      let nothing = try workspace.run("generate", "--model", Workspace.model)
      #expect(nothing.code == 64)
      #expect(nothing.lastMessage.contains("There is nothing to draw"))
    }

    private func draw(_ options: [String], width: Int = 64) throws -> Program.Outcome {
      let model = options.contains("--model") ? [] : ["--model", Workspace.model]
      let outcome = try workspace.run(
        [
          "generate", "--prompt", "a (cube:1.2), \"red\"", "--width", "\(width)", "--height", "64",
          "--steps", "4", "--seed", "5", "--device", "cpu",
        ] + model + options)
      #expect(outcome.code == 0, "\(outcome.messages)")
      return outcome
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: workspace.file(path)) }

    private func text(_ path: String) throws -> String {
      try #require(PNGText.read(bytes(path)).first { $0.key == "parameters" }).value
    }

    /// The fields of the last line, split at every comma.
    private func fields(_ path: String) throws -> [String: String] {
      let line = try #require(text(path).split(separator: "\n").last)
      let pairs = line.components(separatedBy: ", ").map { $0.components(separatedBy: ": ") }
      return Dictionary(
        pairs.map { ($0[0], $0.dropFirst().joined(separator: ": ")) }, uniquingKeysWith: { $1 })
    }
  }
}
