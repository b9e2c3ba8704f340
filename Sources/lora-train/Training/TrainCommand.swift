import ArgumentParser
import Drawing
import Foundation
import Options
import Training
import Workspace

/// `lora-train --subject NAME --steps N`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a LoRA, or resumes an interrupted run.",
    discussion: """
      Every option can also be set in the configuration file, as in sample_every: 100. Flags override \
      the file. --print-config prints a file with all options.
      """)

  // Groups are not nested, since the parser checks each level several times in debug builds.
  @OptionGroup(title: OptionSection.run.title) var options: TableFlags<TrainingFlags.Run>
  @OptionGroup(title: OptionSection.run.title) var file: ConfigFileOption
  @OptionGroup(title: OptionSection.images.title) var images: TableFlags<TrainingFlags.Images>
  @OptionGroup(title: OptionSection.adapter.title) var adapter: TableFlags<TrainingFlags.Adapter>
  @OptionGroup(title: OptionSection.optimizer.title)
  var optimizer: TableFlags<TrainingFlags.Optimizer>
  @OptionGroup(title: OptionSection.objective.title)
  var objective: TableFlags<TrainingFlags.Objective>
  @OptionGroup(title: OptionSection.prior.title) var prior: TableFlags<TrainingFlags.Prior>
  @OptionGroup(title: OptionSection.text.title) var text: TableFlags<TrainingFlags.Text>
  @OptionGroup(title: OptionSection.checkpoints.title)
  var checkpoints: TableFlags<TrainingFlags.Checkpoints>
  @OptionGroup(title: OptionSection.validation.title)
  var validation: TableFlags<TrainingFlags.Validation>
  @OptionGroup(title: OptionSection.samples.title) var samples: TableFlags<TrainingFlags.Samples>
  @OptionGroup(title: OptionSection.machine.title) var machine: TableFlags<TrainingFlags.Machine>
  @Flag(help: "Start a new run, even if one was interrupted.")
  var new = false
  @Flag(help: "Print the configuration as a YAML file with every option, and exit.")
  var printConfig = false
  @Option(
    help: .value("Print a recipe as a YAML file, to start one of your own, and exit.", "name"))
  var printRecipe: String?
  @OptionGroup var process: RunOptions
  @OptionGroup(title: "Several processes") var ranks: RankOptions
  @OptionGroup var root: RootOption

  func run() throws {
    if let printRecipe {
      let recipe = try Recipe.named(printRecipe, in: ConfigSources.folder)
      return try Console.result(recipe.yaml.trimmingCharacters(in: .newlines))
    }
    if printConfig {
      let config = try sources().load(needsSubject: false).config
      return try Console.result(config.yaml.trimmingCharacters(in: .newlines))
    }
    guard namesSubject else {
      throw UsageError(
        "No subject: give --subject NAME, with the images in Datasets/NAME; see lora-train --help.")
    }
    try ranks.run { ranks in
      let training = try ConsoleTraining(process, root: root, ranks: ranks)
      let loaded = try sources().load(new: new, in: root.project)
      try training.train(loaded.config, keepsSteps: !loaded.setsLength) { session, control in
        try new ? session.trainNew(control) : session.train(control)
      }
    }
  }

  /// Whether flags or a configuration file name the subject.
  private var namesSubject: Bool {
    file.config != nil || options.overrides.text(of: \.$subject) != nil
  }

  /// The flags and the files, which are printed. Throws `ConfigError`.
  private func sources() throws -> ConfigSources {
    let sections = [
      options.overrides, images.overrides, adapter.overrides, optimizer.overrides,
      objective.overrides, text.overrides, prior.overrides, checkpoints.overrides,
      validation.overrides, samples.overrides,
      machine.overrides,
    ]
    return try ConfigSources(
      sections.reduce(OptionOverrides()) { $0.merging($1) }, file: file, root: root)
  }
}
