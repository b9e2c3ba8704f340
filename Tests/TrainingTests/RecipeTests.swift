import Foundation
import Options
import TestSupport
import Testing

@testable import Training

@Suite("Recipes")
struct RecipeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func load(_ flags: [String: String] = [:]) throws -> LoadedConfig {
    var overrides = OptionOverrides<TrainingConfig>()
    // As the command line has it, whose flag of a list sets a list.
    let lists = TrainingConfig.schema.options.filter(\.kind.isList).map(\.key)
    for (key, value) in flags {
      if lists.contains(key) {
        overrides.set(key: key, toList: value.split(separator: ",").map(String.init))
      } else {
        overrides.set(key: key, to: value)
      }
    }
    return try ConfigSources(overrides, folder: folder.url).load(needsSubject: false)
  }

  @Test("Configs/recipes has the recipes of the program, and each is a valid configuration")
  func files() throws {
    let configs = Repository.root.appending(path: "Configs")
    let names = Recipe.standard.map(\.name)
    #expect(names == ["character", "style", "object", "8gb", "fast", "best"])
    #expect(try Recipe.all(in: configs).map(\.name) == names)
    for recipe in Recipe.standard {
      let file = configs.appending(path: "recipes/\(recipe.name).yaml")
      #expect(try String(contentsOf: file, encoding: .utf8) == recipe.yaml, "run make defaults")
      #expect(recipe.help.hasPrefix("For ") && recipe.help.hasSuffix("."))
      #expect(
        try load(["recipe": recipe.name]).config.differences(from: TrainingConfig()).count > 3)
    }
  }

  @Test("A recipe overrides default.yaml; the subject's file and flags override the recipe")
  func precedence() throws {
    try folder.write("rank: 3\nsteps: 5\nbatch_size: 2\n", to: "default.yaml")
    try folder.write("recipe: style\nrank: 4\n", to: "dog.yaml")
    let loaded = try load(["subject": "dog", "learning_rate": "0.5"])
    #expect(loaded.config.rank == 4 && loaded.config.steps == 3000)
    #expect(loaded.config.batchSize == 2 && loaded.config.optimization.learningRate == 0.5)
    #expect(loaded.config.adaptation.targets == LayerTargets(["attention-ff"]))
    #expect(
      loaded.files.summary?.hasSuffix(
        "then the recipe style, then \(folder.url.relativePath)/dog.yaml.") == true)
    // The length of a recipe does not count as set by the user.
    #expect(!loaded.setsLength)
    #expect(try load(["subject": "dog", "recipe": "object"]).config.steps == 1000)
    #expect(try load(["subject": "dog", "recipe": "null"]).config.steps == 5)
  }

  @Test("An optimizer that is chosen over a recipe has its own rate and schedule")
  func otherOptimizer() throws {
    for optimizer in ["prodigy", "adamw-schedule-free", "lion"] {
      let own = try load(["recipe": "style", "optimizer": optimizer]).config.optimization
      let plain = try load(["optimizer": optimizer]).config.optimization
      #expect(own == plain, "\(optimizer)")
    }
    let given = try load(["recipe": "style", "optimizer": "lion", "learning_rate": "0.5"]).config
    #expect(given.optimization.learningRate == 0.5 && given.rank == 32)
    let same = try load(["recipe": "style", "optimizer": "adamw"]).config.optimization
    #expect(try same == load(["recipe": "style"]).config.optimization)
    try folder.write("optimizer: prodigy\n", to: "default.yaml")
    #expect(try load(["recipe": "style"]).config.optimization.learningRate == 1)
  }

  @Test("Layers that are chosen over a recipe do not have its ranks by patterns")
  func otherLayers() throws {
    let recipe = try load(["recipe": "best"]).config.adaptation
    #expect(!recipe.layerRanks.numbers.isEmpty)
    for flags in [["targets": "attention"], ["init_lora": "a.safetensors"]] {
      let own = try load(flags.merging(["recipe": "best"]) { $1 }).config
      #expect(own.adaptation.layerRanks.numbers.isEmpty && own.rank == 32)
    }
    #expect(try load(["recipe": "best", "targets": "full"]).config.adaptation == recipe)
    let recipes = folder.url.appending(path: "recipes")
    try FileManager.default.createDirectory(at: recipes, withIntermediateDirectories: true)
    try Data("layer_ranks: {attn2: 5}\n".utf8).write(to: recipes.appending(path: "mine.yaml"))
    let mine = try load(["recipe": "mine"]).config.adaptation
    #expect(try load(["recipe": "mine", "targets": "attention"]).config.adaptation == mine)
    #expect(
      try load(["recipe": "mine", "targets": "to_q,to_v"]).config.adaptation.layerRanks.numbers
        .isEmpty)
  }

  @Test("A file in the folder of recipes is one, and replaces that of the program")
  func ownFiles() throws {
    let recipes = folder.url.appending(path: "recipes")
    try FileManager.default.createDirectory(at: recipes, withIntermediateDirectories: true)
    try Data("# For mine.\nrank: 5\n".utf8).write(to: recipes.appending(path: "mine.yaml"))
    try Data("# For a look.\nrank: 6\n".utf8).write(to: recipes.appending(path: "style.yaml"))
    #expect(try load(["recipe": "mine"]).config.rank == 5)
    #expect(try load(["recipe": "style"]).config.rank == 6)
    #expect(try Recipe.all(in: folder.url).map(\.name).last == "mine")
    #expect(try Recipe.named("mine", in: folder.url).help == "For mine.")
  }

  @Test("An unknown name lists the recipes, and an unknown option names the file")
  func errors() throws {
    #expect {
      try load(["recipe": "caracter"])
    } throws: {
      "\($0)".contains("caracter")
        && "\($0)".contains("but must be character, style, object, 8gb, fast or best.")
    }
    let recipes = folder.url.appending(path: "recipes")
    try FileManager.default.createDirectory(at: recipes, withIntermediateDirectories: true)
    try Data("rnak: 5\n".utf8).write(to: recipes.appending(path: "mine.yaml"))
    #expect {
      try load(["recipe": "mine"])
    } throws: {
      "\($0)".contains("recipes/mine.yaml line 1: there is no option \"rnak\"")
    }
  }
}
