import Foundation
import Options
import Testing
import Training

extension CommandTests {
  /// Help and version. All tests but one run in the process of the tests.
  @Suite struct HelpTests {
    private let folder = FileManager.default.temporaryDirectory

    @Test("train --help has a flag for every option, in sections in the order of use")
    func train() throws {
      let help = try result("train", "--help")
      for option in TrainingConfig.schema.options {
        let name = option.key.replacing("_", with: "-")
        let flag =
          switch option.kind {
          case .boolean: "--\(name)/--no-\(name)"
          case .list(.choice): "--\(name) <"
          case .list: "--\(name.dropLast()) <"
          default: "--\(name) <"
          }
        #expect(help.contains("  \(flag)"), "\(flag)")
      }
      for option in [
        "config", "new", "print-config", "max-minutes", "allow-change", "rank-timeout", "root",
      ] {
        #expect(help.contains("  --\(option)"), "\(option)")
      }
      #expect(!help.contains("--hold-out"))
      let text = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(text.contains("Number of optimizer steps. Default: 1000."))
      #expect(text.contains("fp32, bf16 or fp16"))
      #expect(text.contains("Default: the value of --rank."))

      let lines = help.split(separator: "\n")
      let titles =
        TrainingConfig.schema.sections.map { "\($0.title.uppercased()):" }
        + ["SEVERAL PROCESSES:", "OPTIONS:"]
      #expect(lines.filter { $0.contains(/^[A-Z ]+:$/) }.map(String.init) == titles)
      let flags = lines.compactMap { $0.firstMatch(of: #/^ +(--[a-z-]+) /#)?.1 }
      #expect(flags.prefix(4) == ["--subject", "--steps", "--dataset", "--model"])
    }

    @Test("Flags of every kind set their options, also a flag of an earlier version")
    func flags() throws {
      let printed = try result(
        "--subject", "cube", "--steps", "7", "--learning-rate", "2e-4", "--min-snr-gamma", "null",
        "--no-buckets", "--upscale", "--flip", "--crop", "random", "--sample-prompt", "a: b",
        "--sample-prompt", "c", "--sample-seed", "3", "--hold-out", "2", "--alpha", "4",
        "--print-config")
      for line in [
        "subject: cube", "steps: 7", "learning_rate: 0.0002", "min_snr_gamma: null",
        "buckets: false", "upscale: true", "flip: true", "crop: random",
        "sample_prompts: [\"a: b\", c]", "sample_seeds: [3]", "validation_images: 2", "alpha: 4.0",
        "gradient_checkpointing: null",
      ] {
        #expect(printed.contains("\n\(line) "), "\(line)")
      }
    }

    @Test("generate --help lists every option")
    func generate() throws {
      let help = try result("generate", "--help")
      let options = [
        "prompt", "negative", "model", "lora", "run", "steps", "scheduler", "guidance", "width",
        "height", "seed", "count", "precision", "device", "output", "overwrite", "long-prompts",
        "prompt-weights", "image", "strength", "refiner", "split", "refiner-strength",
        "aesthetic-score", "negative-aesthetic-score", "guidance-rescale", "original-size", "crop",
        "target-size", "negative-original-size", "negative-crop", "negative-target-size",
        "vae-tiling", "threads", "from", "prompts", "dry-run", "root",
      ]
      for option in options { #expect(help.contains("--\(option)"), "\(option)") }
      #expect(help.contains("euler-a") && help.contains("dpm++-2m-sde-karras"))
    }

    @Test("dataset --help lists its options and the training options that change the report")
    func dataset() throws {
      let help = try result("dataset", "--help")
      let options = [
        "json", "sheet", "fix", "model", "config", "dataset", "resolution", "no-buckets",
        "no-upscale", "crop", "max-caption-tokens", "masks", "batch-size", "validation-images",
        "root",
      ]
      for option in options { #expect(help.contains("--\(option)"), "\(option)") }
      #expect(help.contains("<name>") && help.contains("65"))
    }

    @Test("--help is a first page: the purpose, a first command, and a line for each command")
    func firstPage() throws {
      let help = try result("--help")
      #expect(
        help.hasPrefix("OVERVIEW: Trains SDXL LoRAs of your subject and draws with them.\n\n"))
      #expect(
        help.contains(
          """
          USAGE: lora-train --subject dog --steps 1500
                 lora-train <subcommand> <options>

          """))
      let parts = try #require(help.split(separator: "SUBCOMMANDS:\n").last).split(
        separator: "\n\n")
      let commands = parts[0].split(separator: "\n")
      #expect(commands.count == 15)
      for command in commands {
        let line = #/  [a-z-]+( \(default\))? {2,}[A-Z][^.]*\./#
        #expect(command.wholeMatch(of: line) != nil, "\(command)")
      }
    }

    @Test("--help lists the commands in the order of use")
    func commands() throws {
      let help = try result("--help")
      let list = try #require(help.split(separator: "SUBCOMMANDS:\n").last)
      let commands = list.split(separator: "\n")
        .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("See '") }
        .compactMap { $0.split(separator: " ").first.map(String.init) }
      #expect(
        commands == [
          "dataset", "train", "resume", "runs", "show", "generate", "compare", "serve", "export",
          "rerun", "lora", "models", "import-config", "cache", "doctor",
        ])
      #expect(try result("help", "train") == result("train", "--help"))
    }

    @Test(
      "A command after options is refused with the right order",
      arguments: ["runs", "doctor"])
    func lateCommand(_ command: String) throws {
      let outcome = try Program.call(["--root", "elsewhere", command], in: folder)
      #expect(outcome.code == 64)
      #expect(
        outcome.messages == """
          lora-train: The command comes before its options, as in lora-train \(command); \
          see lora-train \(command) --help.

          """)
    }

    @Test("--version prints a version")
    func version() throws {
      let version = try result("--version")
      #expect(version.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }

    @Test("The program itself: help goes to standard output, a refusal to standard error")
    func program() throws {
      let help = try Program.run(["--help"], in: folder)
      #expect((help.code, help.messages) == (0, ""))
      #expect(try help.results == result("--help"))
      let refused = try Program.run(["trian"], in: folder)
      #expect((refused.code, refused.results) == (64, ""))
      #expect(refused.messages.hasPrefix("lora-train: There is no command trian; "))
    }

    /// The standard output of a call that must succeed and print no messages.
    private func result(_ arguments: String...) throws -> String {
      let outcome = try Program.call(arguments, in: folder)
      #expect(outcome.code == 0)
      #expect(outcome.messages.isEmpty)
      return outcome.results
    }
  }
}
