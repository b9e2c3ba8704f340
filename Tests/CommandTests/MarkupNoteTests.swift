import Foundation
import Testing

extension CommandTests {
  /// Words in prompts and captions that are options of other programs.
  @Suite struct MarkupNoteTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("Words for other programs in a prompt have a note each; weights that are read have none")
    func promptNotes() throws {
      let prompt = "(dog:1.4) <lora:dhoni:0.8>"
      let plain = try workspace.draw("--prompt", prompt, "--output", "a.png")
      #expect(plain.code == 0)
      let weight =
        "Note: \"(dog:1.4)\" in the prompt is read as letters; --prompt-weights reads it as a weight.\n"
      let adapter =
        "Note: \"<lora:dhoni:0.8>\" in the prompt is read as letters; give the adapter's file to "
        + "--lora.\n"
      #expect(plain.messages.contains(weight) && plain.messages.contains(adapter))
      let weighted = try workspace.draw("--prompt", prompt, "--prompt-weights", "--output", "b.png")
      #expect(!weighted.messages.contains(weight) && weighted.messages.contains(adapter))
      let negative = try workspace.draw(
        "--prompt", "x AND y", "--negative", "EasyNegative, [cat:dog:0.5]", "--prompt-weights",
        "--output",
        "d.png")
      for note in [
        "\"AND\" in the prompt is read as letters; prompts are not combined, so write \"and\".",
        "\"EasyNegative\" in the negative prompt is read as letters; give the embedding's file to "
          + "--embedding, or remove it.",
        "\"[cat:dog:0.5]\" in the negative prompt is read as letters; a prompt does not change from step "
          + "to step, so remove the brackets.",
      ] {
        #expect(negative.messages.contains("Note: \(note)\n"), "\(negative.messages)")
      }
      try workspace.write("a dog", to: "prompts.txt")
      for (prompt, note) in [
        (
          "a dog --n bad",
          "\"--n bad\" in the prompt is read as letters; set it with --negative."
        ),
        (
          "a dog++",
          "\"dog++\" in the prompt is read as letters; a weight is written (dog:1.4) and read with "
            + "--prompt-weights."
        ),
        (
          "prompts.txt",
          "The prompt \"prompts.txt\" is the name of a file, which is not read; give its text to --prompt, "
            + "or a template with several prompts to --prompts."
        ),
      ] {
        let outcome = try workspace.draw("--prompt", prompt, "--output", "e.png", "--overwrite")
        #expect(outcome.messages.contains("Note: \(note)\n"), "\(outcome.messages)")
      }
      let tags = try workspace.draw("--prompt", "saber_(fate), (series), :)", "--output", "c.png")
      #expect(!tags.messages.contains("read as letters"))
    }

    @Test("A campaign has one note for each kind, not for each picture")
    func campaignNotes() throws {
      try workspace.write(
        "prompt: \"{who} <lora:a:1>\"\nwho: [\"(a cat:1.2)\", \"(a dog:1.2)\"]\nseeds: [1, 2]\n",
        to: "campaign.yaml")
      let outcome = try workspace.draw("--prompts", "campaign.yaml", "--output", "out", "--dry-run")
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.split(separator: "\n").count { $0.contains("read as letters") } == 2)
    }

    @Test("A campaign with an adapter that is used twice names it")
    func repeatedAdapter() throws {
      try train(to: "dog.safetensors")
      try workspace.write("prompt: a dog\n", to: "campaign.yaml")
      let once = try workspace.draw(
        "--prompts", "campaign.yaml", "--lora", "dog.safetensors", "--output", "out", "--dry-run")
      #expect(once.code == 0 && !once.messages.contains("is used"), "\(once.messages)")
      let twice = try workspace.draw(
        "--prompts", "campaign.yaml", "--lora", "dog.safetensors", "--lora", "./dog.safetensors",
        "--output", "out", "--dry-run")
      #expect(
        twice.messages.contains(
          "Note: The adapter dog.safetensors is used 2 times, so its strengths are added.\n"),
        "\(twice.messages)")
    }

    @Test("An adapter that is zero, as before the first step of a training, is named")
    func zeroAdapter() throws {
      let note =
        "Note: zero.safetensors changes nothing, since its matrices or their alpha are zero"
      // In the first step of a warm-up, the learning rate is 0.
      try train(to: "zero.safetensors", "--learning-rate-warmup-steps", "1")
      try train(to: "dog.safetensors", "--new")
      for (adapter, isNamed) in [("zero", true), ("dog", false)] {
        let lora = ["--lora", "\(adapter).safetensors", "--output", "\(adapter).png"]
        let picture = try workspace.draw(["--prompt", "a dog"] + lora)
        #expect(picture.messages.contains(note) == isNamed, "\(picture.messages)")
      }
      try workspace.write("prompt: a dog\n", to: "campaign.yaml")
      let campaign = try workspace.draw(
        "--prompts", "campaign.yaml", "--lora", "zero.safetensors", "--output", "out")
      #expect(campaign.messages.contains(note), "\(campaign.messages)")
    }

    @Test("A prompt without the trigger of its adapter is named")
    func missingTrigger() throws {
      try train(to: "cube.safetensors")
      let note = "Note: The prompt does not contain \"cube\", the trigger of "
      for (prompt, source, isNamed) in [
        ("a Cube", ["--lora", "cube.safetensors"], false),
        ("a dog", ["--lora", "cube.safetensors"], true),
        ("a dog", ["--run", "latest"], true),
        ("a dog", [], false),
      ] {
        let outcome = try workspace.draw(
          ["--prompt", prompt, "--output", "a.png", "--overwrite"] + source)
        #expect(outcome.code == 0)
        #expect(outcome.messages.contains(note) == isNamed, "\(outcome.messages)")
      }
    }

    /// Copies the adapter after the first of two steps to a file.
    private func train(to path: String, _ flags: String...) throws {
      let training = Workspace.training(steps: 2, "--checkpoint-every", "1")
      let outcome = try workspace.run(training + flags)
      #expect(outcome.code == 0, "\(outcome.messages)")
      let folder = try workspace.show().path
      try FileManager.default.copyItem(
        at: workspace.file("\(folder)/step-000001/adapter.safetensors"), to: workspace.file(path))
    }

    @Test("A sample prompt that is the name of a file is named")
    func samplePromptFile() throws {
      try workspace.write("a dog", to: "prompts.txt")
      let outcome = try workspace.run(
        Workspace.training(
          steps: 1, "--sample-every", "1", "--sample-steps", "1", "--sample-prompt", "prompts.txt")
      )
      #expect(
        outcome.messages.contains(
          "the sample prompt \"prompts.txt\" is the name of a file, which is not read; give the prompts "
            + "in it to --sample-prompt"), "\(outcome.messages)")
    }

    @Test("Words for other programs in captions have one note for each kind, and the files")
    func captionNotes() throws {
      try workspace.write("cube, (red:1.3), <lora:a:1> ||| hat", to: "Datasets/cube/0.txt")
      try workspace.write("cube, (blue:1.2)", to: "Datasets/cube/1.txt")
      try workspace.write("cube, name_(series), (series), :)", to: "Datasets/cube/2.txt")
      let outcome = try workspace.run(
        Workspace.training(steps: 1, "--caption-dropout", "1", "--keep-tokens", "2"))
      #expect(outcome.code == 0, "\(outcome.messages)")
      for note in [
        "Note: 0.png: \"<lora:a:1>\" in the caption is read as letters; remove it, since texts load no "
          + "adapter\n",
        "Note: 0.png, 1.png: \"(red:1.3)\" in the caption is read as letters; remove the brackets, since "
          + "words have no weights in training\n",
        "Note: 0.png: \"|||\" in the caption is read as letters; --keep-tokens-separator '|||' removes "
          + "it, and keeps the parts before it in place\n",
        "Note: --caption-dropout is 1, so every caption is dropped and the subject's word is not learnt\n",
        "Note: --keep-tokens has no effect, since --caption-shuffle is off\n",
      ] {
        #expect(outcome.messages.contains(note), "\(note)")
      }
      #expect(outcome.messages.split(separator: "\n").count { $0.contains("read as letters") } == 3)
      let dataset = try workspace.run("dataset", "cube", "--model", Workspace.model)
      #expect(dataset.results.contains("read as letters"))
      let separated = try workspace.run(
        Workspace.training(
          steps: 1, "--new", "--caption-shuffle", "--keep-tokens-separator", "|||"))
      #expect(!separated.messages.contains("|||"), "\(separated.messages)")
    }
  }
}
