import Foundation
import Images
import TestSupport
import Testing
import Torch

extension CommandTests {
  /// Pictures from the command line.
  @Suite struct GenerateTests {
    /// The parameters of a recorded picture.
    private struct Recorded: Decodable {
      let prompt: String
      let negativePrompt: String?
      let width: Int
      let height: Int
      let steps: Int
      let guidance: Double
      let seed: UInt64
    }

    private static let adapter = Repository.golden
      .appending(path: "lora/pytorch_lora_weights.safetensors").path

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test(
      "The picture is the one that diffusers draws with the same seed, within 2 of 255",
      arguments: [
        "pictures/negative", "pictures/no-negative", "pictures/no-guidance", "lora/picture",
      ])
    func likeDiffusers(_ name: String) throws {
      let golden = try Golden(name)
      let recorded = try golden.config(as: Recorded.self)
      let adapter = name.hasPrefix("lora") ? ["--lora", Self.adapter] : []
      let outcome = try workspace.launch(
        [
          "generate", "--model", Workspace.model, "--prompt", recorded.prompt, "--width",
          "\(recorded.width)", "--height", "\(recorded.height)", "--steps", "\(recorded.steps)",
          "--guidance", "\(recorded.guidance)", "--seed", "\(recorded.seed)", "--device", "cpu",
        ] + (recorded.negativePrompt.map { ["--negative", $0] } ?? []) + adapter)
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.results == "picture.png\n")
      let picture = try ImageDecoder.decode(contentsOf: workspace.file("picture.png"))
      let expected = try golden.tensor("out.image").floats().map { Int(($0 * 255).rounded()) }
      #expect((picture.width, picture.height) == (recorded.width, recorded.height))
      let worst = zip(picture.pixels, expected).map { abs(Int($0) - $1) }.max()
      #expect(picture.pixels.count == expected.count)
      #expect(try #require(worst) <= 2)
    }

    @Test("The same seed gives the same bytes; --count gives a folder of seeds")
    func seeds() throws {
      let folder = try draw("--seed", "5", "--count", "2", "--output", "some pictures")
      #expect(folder.results == "some pictures/5.png\nsome pictures/6.png\n")
      #expect(try draw("--seed", "6", "--output", "one.png").results == "one.png\n")
      #expect(try bytes("one.png") == bytes("some pictures/6.png"))
      #expect(try bytes("one.png") != bytes("some pictures/5.png"))
    }

    @Test("Adapters at strength 0 change only the text; several are summed")
    func adapters() throws {
      _ = try draw("--output", "base.png")
      let zero = try workspace.run(
        arguments(
          "--model", Workspace.model, "--lora", "\(Self.adapter):0", "--output", "zero.png"))
      #expect(zero.code == 0)
      #expect(
        zero.messages
          == "Note: The adapter \(Self.adapter) has strength 0, so it changes nothing.\n")
      _ = try draw("--lora", Self.adapter, "--output", "full.png")
      let sum = try workspace.run(
        arguments(
          "--model", Workspace.model, "--lora", "\(Self.adapter):0.25", "--lora",
          "\(Self.adapter):0.75", "--output", "sum.png"))
      #expect(sum.code == 0 && sum.messages.contains("is used 2 times, so its strengths are added"))
      #expect(try pixels("zero.png") == pixels("base.png"))
      #expect(try pixels("full.png") != pixels("base.png"))
      let differences = zip(try pixels("sum.png"), try pixels("full.png")).map {
        abs(Int($0) - Int($1))
      }
      #expect(try #require(differences.max()) <= 1)
    }

    @Test("The file records how it was drawn")
    func text() throws {
      _ = try draw("--negative", "blurry", "--seed", "9", "--lora", "\(Self.adapter):0.5")
      let text = try PNGText.read(bytes("picture.png"))
      #expect(text.map(\.key) == ["parameters", "lora-train"])
      let infotext = text[0].value.split(separator: "\n")
      #expect(
        infotext[..<2] == ["a cube <lora:pytorch_lora_weights:0.5>", "Negative prompt: blurry"])
      let hash = "[0-9a-f]"
      let fields = try Regex(
        "Steps: 2, Sampler: Euler, CFG scale: 5.0, Seed: 9, Size: 64x64, Model hash: \(hash){10}, "
          + "Model: tiny-sdxl, Lora hashes: \"pytorch_lora_weights: \(hash){12}\", RNG: CPU, "
          + "Version: lora-train [0-9.]+")
      #expect(infotext[2].wholeMatch(of: fields) != nil, "\(infotext[2])")
      let json = try JSONSerialization.jsonObject(with: Data(text[1].value.utf8))
      let record = try #require(json as? [String: Any])
      #expect(record["scheduler"] as? String == "EulerDiscreteScheduler")
      #expect(record["threads"] as? Int == 1)
      let adapters = try #require(record["adapters"] as? [[String: Any]])
      #expect(adapters[0]["path"] as? String == Self.adapter)
      #expect(adapters[0]["scale"] as? Double == 0.5)
    }

    @Test("--run takes the adapter and base model of a run, at the newest checkpoint or at a step")
    func run() throws {
      _ = try workspace.run(
        Workspace.training(steps: 4, "--checkpoint-every", "2", "--learning-rate", "0.01"))
      func draw(_ run: String, _ output: String) throws -> Program.Outcome {
        try workspace.run(arguments("--run", run, "--output", output))
      }
      #expect(try draw("latest", "latest.png").code == 0)
      #expect(try draw("1@4", "4.png").code == 0)
      #expect(try draw("latest@2", "2.png").code == 0)
      _ = try self.draw(
        "--lora", "Checkpoints/cube/run-1/step-000004/adapter.safetensors", "--output", "file.png")
      #expect(try bytes("latest.png") == bytes("4.png"))
      #expect(try pixels("2.png") != pixels("4.png"))
      #expect(try pixels("file.png") == pixels("4.png"))
      #expect(try PNGText.read(bytes("2.png"))[0].value.contains("<lora:cube@2:1.0>\n"))

      let noStep = try workspace.run(arguments("--run", "1@3", "--output", "3.png"))
      #expect(noStep.code == 66)
      #expect(
        noStep.lastMessage
          == "lora-train: Checkpoints/cube/run-1 has no checkpoint of step 3; choose one of 2, 4.")
      let noRun = try workspace.run(arguments("--run", "7", "--output", "7.png"))
      #expect(noRun.code == 66)
      #expect(noRun.lastMessage.contains("no run 7 in Checkpoints/runs.sqlite"))
      #expect(!FileManager.default.fileExists(atPath: workspace.file("7.png").path))
    }

    @Test(
      "A model with an unknown sampler can be trained without samples, but not drawn with")
    func otherSampler() throws {
      try FileManager.default.copyItem(
        at: URL(filePath: Workspace.model).resolvingSymlinksInPath(),
        to: workspace.file("model"))
      let file = workspace.file("model/scheduler/scheduler_config.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      try workspace.write(
        text.replacing("EulerDiscreteScheduler", with: "OtherScheduler"),
        to: "model/scheduler/scheduler_config.json")
      let sentence = """
        lora-train: scheduler_config.json: the sampler OtherScheduler is not implemented, so this \
        model can be trained (with --sample-every 0) but cannot draw; give --scheduler \
        one of euler, euler-a, heun, ddim, ddpm, dpm++-2m, dpm++-2m-karras, dpm++-2m-sde, \
        dpm++-2m-sde-karras, unipc, lcm, or set _class_name to EulerDiscreteScheduler.
        """
      let training = Workspace.training(steps: 1, "--model", "model")
      let drawing = try workspace.run(arguments("--model", "model"))
      #expect(drawing.code == 65)
      #expect(drawing.lastMessage == sentence)
      #expect(try workspace.run(arguments("--model", "model", "--scheduler", "ddim")).code == 0)
      #expect(try workspace.run(training + ["--sample-every", "1"]).lastMessage == sentence)
      #expect(try workspace.run(training).code == 0)
    }

    @Test("--scheduler draws with another sampler, in any spelling, and the file records it")
    func scheduler() throws {
      _ = try draw("--output", "own.png")
      _ = try draw("--scheduler", "euler", "--output", "euler.png")
      _ = try draw("--scheduler", "DPM++ 2M SDE Karras", "--output", "sde.png")
      #expect(try pixels("euler.png") == pixels("own.png"))
      #expect(try pixels("sde.png") != pixels("own.png"))
      #expect(
        try PNGText.read(bytes("sde.png"))[0].value
          .contains("Steps: 2, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 5.0"))
    }

    @Test("A model that names another sampler is drawn with it, as with --scheduler")
    func ownSampler() throws {
      try FileManager.default.copyItem(
        at: URL(filePath: Workspace.model).resolvingSymlinksInPath(),
        to: workspace.file("model"))
      let path = "model/scheduler/scheduler_config.json"
      let text = try String(contentsOf: workspace.file(path), encoding: .utf8)
      try workspace.write(
        text.replacing("EulerDiscreteScheduler", with: "UniPCMultistepScheduler"), to: path)
      let own = try workspace.run(arguments("--model", "model", "--output", "own.png"))
      #expect(own.code == 0, "\(own.messages)")
      _ = try draw("--scheduler", "unipc", "--output", "chosen.png")
      #expect(try pixels("own.png") == pixels("chosen.png"))
      #expect(
        try PNGText.read(bytes("own.png"))[0].value.contains("Sampler: UniPC,"))
    }

    @Test("An unknown sampler, and more steps than it has, are usage errors")
    func badScheduler() throws {
      let unknown = try workspace.run(
        arguments("--model", Workspace.model, "--scheduler", "pndm"))
      #expect(unknown.code == 64)
      #expect(
        unknown.lastMessage == """
          lora-train: --scheduler is "pndm", but must be euler, euler-a, heun, ddim, ddpm, dpm++-2m, \
          dpm++-2m-karras, dpm++-2m-sde, dpm++-2m-sde-karras, unipc, lcm. See lora-train generate \
          --help.
          """)
      let steps = try workspace.run(
        arguments("--model", Workspace.model, "--scheduler", "lcm", "--steps", "51"))
      #expect(steps.code == 64)
      #expect(
        steps.lastMessage
          == "lora-train: A picture cannot be drawn in 51 steps; choose from 1 to 50 steps.")
      #expect(!FileManager.default.fileExists(atPath: workspace.file("picture.png").path))
    }

    private func arguments(_ more: String...) -> [String] {
      [
        "generate", "--prompt", "a cube", "--width", "64", "--height", "64", "--steps", "2",
        "--device", "cpu",
      ] + more
    }

    /// Draws with the base model and expects no error.
    private func draw(_ more: String...) throws -> Program.Outcome {
      let outcome = try workspace.run(arguments("--model", Workspace.model) + more)
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.isEmpty)
      return outcome
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: workspace.file(path)) }

    private func pixels(_ path: String) throws -> [UInt8] {
      try ImageDecoder.decode(contentsOf: workspace.file(path)).pixels
    }
  }
}
