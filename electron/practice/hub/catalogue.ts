import { readFile } from 'node:fs/promises';
import { gatedFields, openLicence, practiceLicence, readme } from './licenceText.ts';
import { type FileSpec, lfsPatterns, listFolder, type RepositorySpec } from './repositories.ts';

type Card = Readonly<Record<string, unknown>>;

const openCard: Card = {
  language: ['en'],
  license: 'apache-2.0',
  pipeline_tag: 'text-generation',
  library_name: 'transformers',
};

const practiceCard: Card = {
  ...openCard,
  license: 'other',
  license_name: 'practice-community',
  license_link: 'LICENSE.txt',
  extra_gated_heading: 'You need to agree to share your contact information to access this model',
  extra_gated_prompt: practiceLicence,
  extra_gated_fields: gatedFields,
  extra_gated_description: 'What you type is not stored: this is a practice form.',
  extra_gated_button_content: 'Submit',
};

/**
 * The usual practice repositories, one for each thing that can meet a person. `modelFolder` holds the model's files;
 * README, licence and .gitattributes are made here. Rejects when the folder cannot be read.
 */
export async function practiceRepositories(modelFolder: string): Promise<RepositorySpec[]> {
  const model = await listFolder(modelFolder);
  const base = await withoutChatTemplate(model);
  const small = model.filter((file) => !/\.(?:safetensors|index\.json)$/.test(file.path));
  const weights = model.find((file) => file.path.endsWith('.safetensors'));
  const practice = (
    id: string,
    text: string,
    files: readonly FileSpec[] = model,
    card: Card = practiceCard,
  ): RepositorySpec => furnished(id, { card, licence: practiceLicence, text, files });
  const open = (id: string, text: string, files: readonly FileSpec[] = model): RepositorySpec =>
    furnished(id, { card: openCard, licence: openLicence, text, files });

  return [
    {
      ...practice('practice-labs/Keyhole-1-Instruct', 'A very small model that answers in a few words.'),
      gated: 'manual',
      formerIds: ['practice-labs/Keyhole-One-Instruct'],
      revisions: ['v1.0'],
    },
    {
      ...practice('practice-labs/Keyhole-1', 'The base edition: it continues text and has no chat template.', base),
      gated: 'manual',
    },
    {
      ...practice('practice-labs/Keyhole-0.9-Instruct', 'The version before. Agreeing gives access at once.'),
      gated: 'auto',
    },
    open('open-practice/Doorstep-Instruct', 'Open to everybody: no account, no form.'),
    { ...practice('practice-labs/Vault-Instruct', 'Private to its authors.', model, openCard), private: true },
    { ...open('practice-labs/Sealed-Instruct', 'Disabled.'), disabled: true },
    { ...open('practice-labs/Faraway-Instruct', 'Not offered where you are.'), regionBlocked: true },
    {
      ...practice('practice-labs/Eurolocked', 'The licence excludes the European Union.', model, {
        ...practiceCard,
        extra_gated_eu_disallowed: true,
      }),
      gated: 'manual',
    },
    open('open-practice/Spectrum', 'Built in a way that Latchkey cannot prepare.', [
      ...model.filter((file) => file.path !== 'config.json'),
      {
        path: 'config.json',
        text: JSON.stringify({ architectures: ['SpectrumForCausalLM'], model_type: 'spectrum' }, null, 2),
      },
    ]),
    open('open-practice/Attic-Instruct', 'Weights in the old pickle format only.', [
      ...small,
      ...(weights && 'disk' in weights ? [{ path: 'pytorch_model.bin', disk: weights.disk }] : []),
    ]),
  ];
}

/** A repository with the files that every one has. */
function furnished(
  id: string,
  parts: { readonly card: Card; readonly licence: string; readonly text: string; readonly files: readonly FileSpec[] },
): RepositorySpec {
  const attributes = lfsPatterns.map((pattern) => `${pattern} filter=lfs diff=lfs merge=lfs -text\n`).join('');
  const made = [
    { path: '.gitattributes', text: attributes },
    { path: 'LICENSE.txt', text: parts.licence },
    { path: 'README.md', text: readme(id, parts.card, parts.text) },
  ];
  return { id, card: parts.card, files: [...made, ...parts.files] };
}

/** The files of the base edition: the same model, but nothing says how a chat would be written. */
async function withoutChatTemplate(files: readonly FileSpec[]): Promise<FileSpec[]> {
  const kept = files.filter((file) => !/^chat_template\./.test(file.path));
  return Promise.all(
    kept.map(async (file) => {
      if (file.path !== 'tokenizer_config.json' || !('disk' in file)) return file;
      const config: unknown = JSON.parse(await readFile(file.disk, 'utf8'));
      const fields = Object.entries(config ?? {}).filter(([name]) => name !== 'chat_template');
      return { path: file.path, text: `${JSON.stringify(Object.fromEntries(fields), null, 2)}\n` };
    }),
  );
}
