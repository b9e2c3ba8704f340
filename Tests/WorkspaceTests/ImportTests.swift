import Datasets
import Drawing
import Foundation
import NN
import Options
import TestSupport
import Testing
import Training

@testable import Workspace

/// Projects of other programs as configurations for training here.
@Suite struct ImportTests {
  /// Projects as users have them.
  private static let examples = ["training.toml", "dataset.toml", "diffusers.sh", "sd-scripts.sh"]

  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private static func example(_ name: String) -> URL {
    Repository.root.appending(path: "Tests/CommandTests/Fixtures/import/\(name)")
  }

  /// Writes a file and translates it.
  private func project(_ name: String, _ text: String, subject: String? = nil) throws
    -> ImportedProject
  {
    let url = folder.url.appending(path: name)
    try Data(text.utf8).write(to: url)
    return try ImportedProject(contentsOf: url, subject: subject)
  }

  /// The configuration as `train --config` reads it.
  private func config(_ project: ImportedProject) throws -> TrainingConfig {
    let url = folder.url.appending(path: "\(UUID().uuidString).yaml")
    try Data(project.yaml.utf8).write(to: url)
    return try TrainingConfig.load(OptionOverrides(), file: url, folder: folder.url)
  }

  /// The notes of a fate as `setting: reason`.
  private func notes(_ project: ImportedProject, _ fate: ImportNote.Fate) -> [String] {
    project.notes.filter { $0.fate == fate }.map { "\($0.setting): \($0.reason)" }
  }

  private func images(_ count: Int, in path: String) throws {
    let url = folder.url.appending(path: path)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for number in 0..<count { try Data().write(to: url.appending(path: "\(number).png")) }
  }

  @Test("A training file of sd-scripts becomes a configuration")
  func training() throws {
    let project = try ImportedProject(contentsOf: Self.example("training.toml"))
    let config = try config(project)
    #expect(project.subject == "sks-dog" && config.subject == "sks-dog")
    #expect(config.model == "sdxl" && config.steps == 1200 && config.seed == 1234)
    #expect(
      config.rank == 32 && config.alpha == 16 && config.adaptation.targets.names == ["full"]
        && config.adaptation.layerRanks.values["mid_block.resnets.0.conv1"] == 8
    )
    #expect(
      config.optimization.learningRate == 2e-4 && config.optimization.weightDecay == 0.1
        && config.optimization.beta2 == 0.99)
    #expect(
      config.optimization.learningRateSchedule == .cosineWithRestarts
        && config.optimization.learningRateWarmupSteps == 120)
    #expect(
      config.optimization.maxGradientNorm == nil && config.objective.minSNRGamma == 5
        && config.precision == .bf16)
    #expect(config.batchSize == 2 && config.gradientAccumulation == 2)
    #expect(config.checkpointEvery == 200 && config.keepLast == 3 && config.sampleEvery == 100)
    #expect(config.resolution == 1024 && config.buckets && !config.upscale && config.flip)
    #expect(config.captionShuffle && config.keepTokens == 1 && config.captionDropout == 0.05)
    #expect(config.maxCaptionTokens == 225 && !config.masks && config.gradientCheckpointing == true)
    let missing = notes(project, .noCounterpart)
    for name in [
      "vae",
      "max_bucket_reso = 2048", "sample_prompts = prompts.txt", "train_data_dir = /workspace/img",
    ] {
      #expect(missing.contains { $0.hasPrefix(name) }, "\(name) in \(missing)")
    }
    #expect(notes(project, .unknown).count == 1)
    let unknown = try #require(project.notes.first)
    #expect(unknown.setting == "weigthed_captions = true")
    #expect(unknown.reason.hasSuffix("did you mean weighted_captions?"))
    #expect(unknown.place?.hasSuffix("training.toml line 43") == true, "\(unknown)")
    let needless = notes(project, .notNeeded)
    #expect(config.objective.noiseOffset == 0.0357 && config.objective.multiresNoiseIterations == 0)
    #expect(needless.contains { $0.hasPrefix("learning_rate = 0.0001: unet_lr") })
    #expect(config.optimization.optimizer == .adamW8bit)
  }

  @Test("A dataset file becomes folders in subject.yaml, and sets no option of a training")
  func dataset() throws {
    let project = try ImportedProject(contentsOf: Self.example("dataset.toml"), subject: "dog")
    let config = try config(project)
    #expect(config.dataset == "Datasets/dog" && config.resolution == 896 && config.batchSize == 4)
    #expect(config.priorFolder == "/data/dog/reg" && config.classPrompts == ["dog"])
    #expect(config.rank == TrainingConfig().rank && config.steps == TrainingConfig().steps)
    let lines = try #require(project.subjectFile)
    #expect(
      lines == """
        folders:
          - {path: "/data/dog/close-ups", repeats: 10, caption: "sks dog"}
          - {path: "/data/dog/outdoors", repeats: 4, caption: "sks dog outdoors"}

        """)
    #expect(project.yaml.contains("# Datasets/dog/subject.yaml must contain:\n#   folders:\n"))
    let similar = notes(project, .approximated)
    #expect(similar.contains { $0.hasPrefix("keep_tokens = 1: it differs between the folders") })
    #expect(similar.contains { $0.hasPrefix("resolution = [1024, 768]: resolution 896") })
    #expect(notes(project, .noCounterpart).contains { $0.hasPrefix("caption_tag_dropout_rate") })
  }

  @Test("The subject.yaml of a translation is read by the dataset reader")
  func subjectFile() throws {
    try images(3, in: "a")
    try images(2, in: "b")
    let toml = """
      [[datasets]]
      [[datasets.subsets]]
      image_dir = '\(folder.url.path)/a'
      num_repeats = 2
      [[datasets.subsets]]
      image_dir = '\(folder.url.path)/b'
      class_tokens = "it's #1: a dog"
      """
    let url = try folder.file("two.toml")
    try Data(toml.utf8).write(to: url)
    let place = folder.url.appending(path: "Datasets/dog")
    let project = try ImportedProject(contentsOf: url, subject: "dog", subjectFolder: place)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try Data(try #require(project.subjectFile).utf8).write(
      to: place.appending(path: "subject.yaml"))
    #expect(try config(project).dataset == place.path && !project.yaml.contains("must contain"))
    let subject = try Subject(name: "dog", directory: place)
    #expect(subject.folders.map(\.path) == ["\(folder.url.path)/a", "\(folder.url.path)/b"])
    #expect(subject.folders.map(\.repeats) == [2, 1])
    #expect(subject.folders.map(\.caption) == [nil, "it's #1: a dog"])
  }

  @Test("A folder tree is a dataset as it is; class images come from reg")
  func tree() throws {
    try images(2, in: "project/img/10_sks dog")
    try images(1, in: "project/img/2_sks dog")
    try images(4, in: "project/reg/1_dog")
    let url = folder.url.appending(path: "project")
    let project = try ImportedProject(contentsOf: url)
    let config = try config(project)
    #expect(project.subject == "sks-dog" && project.subjectFile == nil)
    #expect(config.dataset?.hasSuffix("project/img") == true)
    #expect(config.priorFolder?.hasSuffix("project/reg/1_dog") == true)
    #expect(config.classPrompts == ["dog"] && config.buckets)
    try images(1, in: "project/more/3_cat")
    let error = #expect(throws: ImportError.self) { try ImportedProject(contentsOf: url) }
    #expect(error == .severalTrees(url.relativePath, ["img", "more"]))
  }

  @Test("Epochs stay epochs; numbers of steps between saves follow from the images found")
  func epochs() throws {
    try images(7, in: "img/3_sks dog")
    try images(7, in: "reg/1_dog")
    let text = """
      train_data_dir = "\(folder.url.path)/img"
      max_train_epochs = 10
      save_every_n_epochs = 2
      train_batch_size = 2
      gradient_accumulation_steps = 3
      """
    let project = try project("epochs.toml", text)
    // 21 images make 11 batches and 4 steps.
    let config = try config(project)
    #expect(config.epochs == 10 && config.checkpointEvery == 8)
    #expect(!project.yaml.contains("\nsteps:"))
    let both = try self.project(
      "reg.toml", "reg_data_dir = \"\(folder.url.path)/reg\"\nmax_train_steps = 901")
    let halved = try self.config(both)
    #expect(halved.steps == 451 && halved.priorFolder?.hasSuffix("reg/1_dog") == true)
    #expect(notes(both, .approximated).contains { $0.contains("all numbers of steps are halved") })
    let absent = try self.project(
      "absent.toml", "max_train_epochs = 10\nsave_every_n_epochs = 2\nseed = -1")
    #expect(try self.config(absent).epochs == 10)
    #expect(
      notes(absent, .noCounterpart).contains { $0.hasPrefix("save_every_n_epochs = 2: the images") }
    )
    #expect(absent.yaml.contains("\nseed: -1\n"))
    let separated = try self.project("tags.toml", "keep_tokens_separator = \"|||\"")
    #expect(try self.config(separated).keepTokensSeparator == "|||")
  }

  @Test("A command line of diffusers' script becomes a configuration")
  func diffusers() throws {
    let project = try ImportedProject(contentsOf: Self.example("diffusers.sh"))
    let config = try config(project)
    #expect(project.subject == "dog-photos" && config.dataset == "dog photos")
    #expect(project.subjectFile == "caption: \"a photo of sks dog\"\n")
    #expect(config.model == "sdxl" && config.steps == 500 && config.seed == 0)
    #expect(config.batchSize == 1 && config.gradientAccumulation == 4 && config.precision == .fp16)
    #expect(
      config.rank == 8 && config.alpha == 8
        && config.adaptation.targets == TrainingConfig().adaptation.targets)
    #expect(
      config.optimization.learningRateSchedule == .constant
        && config.optimization.learningRateWarmupSteps == 0)
    #expect(
      config.objective.minSNRGamma == 5 && config.optimization.weightDecay == 1e-4
        && config.optimization.learningRate == 1e-4)
    #expect(config.priorImages == 50 && config.priorWeight == 0.8 && config.priorFolder == nil)
    #expect(
      config.classPrompts == ["a photo of a dog"] && config.crop == .center && !config.buckets)
    #expect(config.samplePrompts == ["A photo of sks dog in a bucket"])
    #expect(config.gradientCheckpointing == false && !config.masks)
    let unknown = try #require(project.notes.first)
    #expect(unknown.setting == "enable_xformers_memory_eficient_attention = true")
    #expect(unknown.reason.hasSuffix("did you mean enable_xformers_memory_efficient_attention?"))
    #expect(unknown.place?.hasSuffix("diffusers.sh line 32") == true, "\(unknown)")
    #expect(notes(project, .unknown).count == 1)
    let text = config.text
    #expect(
      text.trainTextEncoders == .both && text.textEncoderLearningRate == EncoderRates("5e-6"))
  }

  @Test(
    "A command line of sd-scripts reads its dataset file; Prodigy has no learning rate")
  func command() throws {
    let project = try ImportedProject(contentsOf: Self.example("sd-scripts.sh"), subject: "dog")
    let config = try config(project)
    #expect(config.dataset == "Datasets/dog" && config.batchSize == 4 && config.resolution == 896)
    #expect(config.model == "models/sd_xl_base_1.0.safetensors" && config.seed == 7)
    #expect(config.rank == 16 && config.alpha == 8 && config.objective.minSNRGamma == nil)
    #expect(config.optimization.optimizer == .prodigy && config.optimization.learningRate == 1)
    #expect(config.optimization.prodigyDCoef == 2 && !config.optimization.prodigySafeguardWarmup)
    // Half of the images in the batches of sd-scripts are class images.
    #expect(config.steps == 1000 && config.optimization.learningRateWarmupSteps == 50)
    #expect(config.checkpointEvery == 250)
    let text = config.text
    #expect(text.trainTextEncoders == .both && text.textEncoderTargets.contains("fc1"))
    let missing = notes(project, .noCounterpart)
    for name in [
      "text_encoder_lr = [5e-5, 1e-5]"
    ] {
      #expect(missing.contains { $0.hasPrefix(name) }, "\(name) in \(missing)")
    }
  }

  @Test("The sample prompts of sd-scripts are read")
  func prompts() throws {
    let file = try folder.file("prompts.txt")
    let lines = """
      # comment
      a photo of sks dog --n blurry --w 1024 --h 1024 --d 3 --s 28 --l 6.5
      sks dog in the snow --d 1
      """
    try Data(lines.utf8).write(to: file)
    let project = try project("samples.toml", "sample_prompts = '\(file.path)'")
    let config = try config(project)
    #expect(config.samplePrompts == ["a photo of sks dog", "sks dog in the snow"])
    #expect(config.sampleSeeds == [1, 3] && config.sampleSteps == 28)
    #expect(config.sampleGuidance == 6.5)
    #expect(notes(project, .noCounterpart).contains { $0.contains("h 1024; n blurry; w 1024") })
  }

  @Test("A value that is not allowed here is reported, and the rest is accepted")
  func refused() throws {
    let project = try project("big.toml", "network_dim = 9999\nresolution = 1000\nseed = 5")
    let config = try config(project)
    #expect(config.rank == TrainingConfig().rank && config.resolution == 992 && config.seed == 5)
    #expect(
      notes(project, .noCounterpart).contains(
        "rank = 9999: here it must be a whole number from 1 to 4096"))
  }

  /// Settings with values that are not whole numbers.
  private static let texts = [
    "mixed_precision": "'fp16'", "optimizer_type": "'Lion'", "lr_scheduler": "'linear'",
    "network_module": "'lycoris.kohya'", "network_args": "['a=1']",
    "optimizer_args": "['eps=1e-6']",
    "optimizer": "'prodigy'", "caption_prefix": "'x'", "caption_suffix": "'x'",
    "caption_extension": "'.cap'", "caption_extention": "'.cap'", "output_name": "'x'",
    "network_weights": "'x.safetensors'", "sample_prompts": "'x.txt'", "class_prompt": "'x'",
    "pretrained_model_name_or_path": "'x/y'", "train_data_dir": "'x'", "reg_data_dir": "'x'",
    "max_token_length": "150", "validation_split": "0.5", "caption_dropout_rate": "0.5",
    "learning_rate": "0.5", "resolution": "512", "bucket_reso_steps": "32",
    "instance_data_dir": "'x'", "lr_warmup_steps": "3", "loss_type": "'huber'",
    "huber_schedule": "'constant'",
  ]
  private static let flags: Set = [
    "network_train_unet_only", "use_8bit_adam", "use_lion_optimizer", "gradient_checkpointing",
    "enable_bucket", "bucket_no_upscale", "flip_aug", "random_crop", "shuffle_caption",
    "enable_wildcard", "alpha_mask", "masked_loss", "center_crop", "with_prior_preservation",
    "scale_lr", "use_dora", "noise_offset_random_strength", "ip_noise_gamma_random_strength",
    "v_parameterization", "train_text_encoder", "train_text_encoder_ti",
    "network_train_text_encoder_only",
  ]
  /// Settings that name further files.
  private static let files: Set = ["dataset_config", "config_file"]

  @Test("No setting of sd-scripts is dropped silently")
  func nothingOfKohyaDropped() throws {
    let names = ForeignFates.kohya.names
    #expect(Set(names).count == names.count)
    let base = try project("one.toml", "")
    for name in names where !Self.files.contains(name) {
      let value = Self.flags.contains(name) ? "true" : Self.texts[name] ?? "3"
      try expectSeen(name, try project("one.toml", "\(name) = \(value)"), base)
    }
  }

  @Test("No flag of diffusers' script is dropped silently")
  func nothingOfDiffusersDropped() throws {
    let names = ForeignFates.diffusers.names
    #expect(Set(names).count == names.count)
    let command = "accelerate launch train_dreambooth_lora_sdxl.py"
    let base = try project("one.sh", command)
    for name in names {
      let isFlag = Self.flags.contains(name) || name == "random_flip"
      let value = isFlag ? "" : "=\(Self.texts[name] ?? "3")"
      try expectSeen(name, try project("one.sh", "\(command) --\(name)\(value)"), base)
    }
  }

  /// A setting changes the configuration or the notes, is known, and leaves a configuration that
  /// training accepts.
  private func expectSeen(
    _ name: String, _ project: ImportedProject, _ base: ImportedProject
  ) throws {
    #expect(project.yaml != base.yaml || project.notes != base.notes, "\(name)")
    #expect(notes(project, .unknown) == [], "\(name)")
    _ = try config(project)
  }

  @Test("Letters beyond ASCII are read in texts, and named in keys")
  func letters() throws {
    let project = try project(
      "a.toml",
      """
      # \u{444}\u{43e}\u{442}\u{43e}
      output_name = "dog"
      train_data_dir = "/\u{444}\u{43e}\u{442}\u{43e}/gr\u{f6}\u{df}e_U_"
      st\u{e4}rke = "\u{30ab}\u{ff21}"

      """)
    #expect(
      notes(project, .noCounterpart).contains {
        $0.hasPrefix("train_data_dir = /\u{444}\u{43e}\u{442}\u{43e}/gr\u{f6}\u{df}e_U_")
      }, "\(project.notes)")
    let unknown = try #require(project.notes.first)
    #expect(unknown.setting == "st\u{e4}rke = \u{30ab}\u{ff21}")
    #expect(unknown.place?.hasSuffix("a.toml line 4") == true)
  }

  @Test("Bad files are named with the line and what to do")
  func errors() throws {
    func error(_ name: String, _ text: String) throws -> String {
      let error = #expect(throws: ImportError.self) { try project(name, text) }
      return "\(try #require(error))".replacing("\(folder.url.path)/", with: "")
    }
    let path = try error("a.toml", "seed = 1\nimage_dir = \"C:\\pictures\"\n")
    #expect(path.hasPrefix("a.toml line 2: not valid TOML ("), "\(path)")
    #expect(path.hasSuffix("a Windows path in single quotes."))
    #expect(
      try error("a.toml", "[network]\nnetwork_dim = 'big'")
        == "a.toml line 2: network_dim is big, but must be a whole number.")
    #expect(
      try error("a.toml", "datasets = 3").hasPrefix(
        "a.toml line 1: datasets must be a list of groups, [[datasets]]; "))
    #expect(
      try error("a.sh", "\necho 'open").hasPrefix("a.sh line 2: the quotation mark has no second"))
    #expect(
      try error("a.sh", "python sdxl_train_network.py --output_name=$NAME").hasPrefix(
        "a.sh line 1: the variable $NAME is not set"))
    #expect(
      try error("a.sh", "python train_flux.py --rank 4").hasPrefix("a.sh runs train_flux.py, which")
    )
    #expect(try error("a.txt", "no command").hasPrefix("a.txt has no command for training; "))
    let missing = folder.url.appending(path: "none")
    #expect(throws: ImportError.missing(missing.relativePath)) {
      try ImportedProject(contentsOf: missing)
    }
    #expect(throws: ImportError.noImageFolders(folder.url.relativePath)) {
      try ImportedProject(contentsOf: folder.url)
    }
  }
}
