import Testing
import Training

extension CommandTests {
  @Suite struct RecipeTrainingTests {
    @Test("Each recipe trains", arguments: Recipe.standard.map(\.name))
    func trains(recipe: String) throws {
      let outcome = try Workspace().run([
        "--subject", "cube", "--model", Workspace.model, "--resolution", "64", "--steps", "2",
        "--sample-steps", "1", "--device", "cpu", "--recipe", recipe,
      ])
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("the recipe \(recipe)"), "\(outcome.messages)")
      #expect(outcome.results.hasSuffix("step-000002/adapter.safetensors\n"))
    }
  }
}
