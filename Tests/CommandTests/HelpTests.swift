import Foundation
import Testing

extension CommandTests {
  /// What the program says of itself.
  @Suite struct HelpTests {
    private let folder = FileManager.default.temporaryDirectory

    @Test("train --help names every option of the contract, and what is used without it")
    func train() throws {
      let help = try result("train", "--help")
      let options = [
        "subject", "steps", "model", "dataset", "config", "resolution", "batch-size",
        "gradient-accumulation", "rank", "alpha", "learning-rate", "seed", "precision", "device",
        "gradient-checkpointing", "no-gradient-checkpointing", "checkpoint-every", "sample-every",
        "sample-prompt", "sample-steps", "prior-images", "class-prompt", "prior-folder",
        "prior-weight", "prior-batch-size", "prior-steps", "prior-guidance", "validation-dataset",
        "validate-every", "keep-last", "keep-every", "deterministic", "max-minutes", "allow-change",
        "new", "root",
      ]
      for option in options { #expect(help.contains("--\(option)"), "\(option)") }
      #expect(help.contains("Optimizer steps. Default: 1000."))
      #expect(help.contains("fp32, bf16 or fp16"))
    }

    @Test("generate --help names every option that there is")
    func generate() throws {
      let help = try result("generate", "--help")
      let options = [
        "prompt", "negative", "model", "lora", "run", "steps", "scheduler", "guidance", "width",
        "height", "seed", "count", "precision", "device", "output", "overwrite", "long-prompts",
        "prompt-weights", "image", "strength", "refiner", "split", "refiner-strength",
        "aesthetic-score", "negative-aesthetic-score", "guidance-rescale", "original-size", "crop",
        "target-size", "negative-original-size", "negative-crop", "negative-target-size",
        "vae-tiling", "from", "prompts", "dry-run", "root",
      ]
      for option in options { #expect(help.contains("--\(option)"), "\(option)") }
      #expect(help.contains("euler-a") && help.contains("dpm++-2m-sde-karras"))
    }

    @Test("dataset --help names its options and those of training that change what is seen")
    func dataset() throws {
      let help = try result("dataset", "--help")
      let options = [
        "json", "sheet", "fix", "model", "config", "dataset", "resolution", "no-buckets",
        "no-upscale", "crop", "max-caption-tokens", "masks", "batch-size", "root",
      ]
      for option in options { #expect(help.contains("--\(option)"), "\(option)") }
      #expect(help.contains("<name>") && help.contains("65"))
    }

    @Test("--help lists exactly the commands that work")
    func commands() throws {
      let help = try result("--help")
      let list = try #require(help.split(separator: "SUBCOMMANDS:\n").last)
      let commands = list.split(separator: "\n")
        .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("See '") }
        .compactMap { $0.split(separator: " ").first.map(String.init) }
      #expect(
        commands == [
          "train", "resume", "runs", "show", "rerun", "generate", "compare", "dataset", "cache",
          "doctor",
        ])
      #expect(try result("help", "train") == result("train", "--help"))
    }

    @Test(
      "A command after options is not taken for an argument of train",
      arguments: ["runs", "doctor"])
    func lateCommand(_ command: String) throws {
      let outcome = try Program.run(["--root", "elsewhere", command], in: folder)
      #expect(outcome.code == 64)
      #expect(
        outcome.messages == """
          lora-train: The command comes before its options, as in lora-train \(command); \
          see lora-train \(command) --help.

          """)
    }

    @Test("--version is a version")
    func version() throws {
      let version = try result("--version")
      #expect(version.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }

    /// The standard output of a call that must succeed and say nothing else.
    private func result(_ arguments: String...) throws -> String {
      let outcome = try Program.run(arguments, in: folder)
      #expect(outcome.code == 0)
      #expect(outcome.messages.isEmpty)
      return outcome.results
    }
  }
}
