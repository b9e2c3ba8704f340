import Adapters
import Foundation
import Images
import Testing

extension CommandTests {
  /// `--ema` of the commands that use a checkpoint.
  @Suite struct AverageTests {
    /// Run 1 with an average, and run 2 without.
    private static let trained = Result { () throws -> Workspace in
      let workspace = try Workspace(isShared: true)
      let training = Workspace.training(
        steps: 4, "--checkpoint-every", "2", "--learning-rate", "0.01", "--threads", "1",
        "--sample-every", "4", "--sample-steps", "1", "--sample-seed", "1")
      for more in [["--ema", "0.9"], ["--new"]] {
        let outcome = try workspace.run(training + more)
        #expect(outcome.code == 0, "\(outcome.messages)")
      }
      return workspace
    }

    private static let average = "Checkpoints/cube/run-1/step-000004/ema.safetensors"

    private let workspace: Workspace

    init() throws { workspace = try Workspace(copyOf: Self.trained.get().url) }

    private func picture(_ name: String, _ more: String...) throws -> RGBImage {
      let outcome = try workspace.draw(
        ["--prompt", "cube", "--seed", "4", "--output", "\(name).png"] + more)
      #expect(outcome.code == 0, "\(outcome.messages)")
      return try ImageDecoder.decode(contentsOf: workspace.file("\(name).png"))
    }

    @Test("generate draws with the average of a run, and draws the picture again")
    func generate() throws {
      let drawn = try picture("a", "--run", "1", "--ema")
      #expect(try drawn == picture("b", "--lora", Self.average))
      #expect(try drawn != picture("c", "--run", "1"))
      #expect(try drawn != picture("d", "--run", "1@2", "--ema"))
      let bytes = try Data(contentsOf: workspace.file("a.png"))
      #expect(bytes.range(of: Data("cube@4-ema".utf8)) != nil)
      let again = try workspace.run(
        "generate", "--from", "a.png", "--output", "e.png", "--device", "cpu")
      #expect(again.code == 0, "\(again.messages)")
      #expect(try ImageDecoder.decode(contentsOf: workspace.file("e.png")) == drawn)
    }

    @Test("compare draws the averages of all checkpoints")
    func compare() throws {
      let outcome = try workspace.run(
        "compare", "1", "--ema", "--prompt", "cube", "--seed", "4", "--steps", "1", "--device",
        "cpu", "--output", "out")
      #expect(outcome.code == 0, "\(outcome.messages)")
      let page = try String(contentsOf: workspace.file("out/index.html"), encoding: .utf8)
      #expect(page.contains("run 1, step 2, average") && page.contains("run 1, step 4, average"))
      let cells = try page.matches(of: /src="data:image\/png;base64,([^"]*)"/).map {
        try ImageDecoder.decode(try #require(Data(base64Encoded: String($0.1))))
      }
      #expect(cells.count == 3)
      #expect(try cells.last == picture("a", "--run", "1", "--ema"))
    }

    @Test("export writes the average for other programs, and records that it has")
    func export() throws {
      let outcome = try workspace.run(
        "export", "1", "--ema", "--output", "out.safetensors", "--json")
      #expect(outcome.code == 0, "\(outcome.messages)")
      let record = try #require(
        JSONSerialization.jsonObject(with: Data(outcome.results.utf8)) as? [String: Any])
      #expect(record["weights"] as? String == "ema" && record["step"] as? Int == 4)
      #expect(try #require(record["difference"] as? Double) < 1e-6)
      let metadata = try AdapterFile.metadata(of: workspace.file("out.safetensors"))
      #expect(metadata["modelspec.title"] == "cube-4-ema")
      #expect(try picture("a", "--lora", "out.safetensors") == picture("b", "--lora", Self.average))
      #expect(outcome.messages.contains("drawn with the weights, not their average."))
      let plain = try workspace.run("export", "1", "--output", "plain.safetensors", "--json")
      #expect(!plain.messages.contains("no preview picture"))
      #expect(plain.code == 0 && !plain.results.contains("weights"))
    }

    @Test("A run without an average is an error, and so is --ema without a run")
    func without() throws {
      let commands = [
        ["generate", "--run", "2", "--prompt", "cube"], ["compare", "2"], ["compare", "2@4"],
        ["export", "2", "--output", "out.safetensors"],
      ]
      for command in commands {
        let outcome = try workspace.run(command + ["--ema"])
        #expect(outcome.code == 66)
        let expected =
          "lora-train: The checkpoint Checkpoints/cube/run-2/step-000004 has no ema.safetensors, "
          + "since its run was trained without --ema; leave --ema out here, or train a run with it.\n"
        #expect(outcome.messages.hasSuffix(expected), "\(outcome.messages)")
      }
      let outcome = try workspace.run("generate", "--ema", "--prompt", "cube")
      #expect(outcome.code == 64)
      #expect(
        outcome.messages.contains(
          "--ema is for the checkpoint of a run; name the run with --run."))
    }

    @Test("What is evaluated is the weights or their average")
    func evaluate() throws {
      let outcome = try workspace.run(Workspace.training(steps: 2, "--evaluate", "ema"))
      #expect(outcome.code == 64 || outcome.code == 65)
      #expect(
        outcome.messages.contains("--evaluate is ema, but must be adapter unless --ema is set."))
    }
  }
}
