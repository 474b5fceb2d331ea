// Parses queries: node grammar.mjs logql|promql < JSON list of expressions. Prints a JSON list: null, or where each is wrong.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , language, folder] = process.argv;
const require = createRequire(pathToFileURL(folder + "/"));
const name = { logql: "@grafana/lezer-logql", promql: "@prometheus-io/lezer-promql" }[language];
const { parser } = await import(pathToFileURL(require.resolve(name)));

let input = "";
for await (const chunk of process.stdin) input += chunk;
const verdicts = JSON.parse(input).map((expression) => {
  let wrong = expression.trim() === "" ? "empty" : null;
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.type.isError && wrong === null) wrong = `at ${node.from}: ${expression.slice(node.from, node.from + 40)}`;
    },
  });
  return wrong;
});
process.stdout.write(JSON.stringify(verdicts));
