// The same for the Vercel AI SDK with its provider for OpenAI-compatible servers.
import { readFileSync } from 'node:fs';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateImage, generateText, streamText } from 'ai';
import { finish, settings } from './common.mjs';

const gateway = createOpenAICompatible({ name: 'protobanana', baseURL: settings.base, apiKey: settings.key });
const image = gateway.imageModel(settings.image);
const draw = (more) => generateImage({ model: image, prompt: settings.words, size: '512x512', maxRetries: 0, ...more });

const steps = {
  async generate() {
    const { images } = await draw({ n: 2 });
    return { pictures: images.map((one) => one.base64) };
  },
  async own() {
    const asked = { providerOptions: { protobanana: { seed: 7 } } };
    const both = [await draw(asked), await draw(asked)];
    return { pictures: both.map((one) => one.image.base64) };
  },
  async edit() {
    const { image: made } = await generateImage({
      model: gateway.imageModel(settings.edit), maxRetries: 0,
      prompt: { text: settings.change, images: [readFileSync(settings.picture)], mask: readFileSync(settings.mask) },
    });
    return { pictures: [made.base64] };
  },
  async several() {
    const { image: made } = await generateImage({
      model: gateway.imageModel(settings.several), maxRetries: 0,
      prompt: { text: settings.combine, images: [readFileSync(settings.picture), readFileSync(settings.second)] },
    });
    return { pictures: [made.base64] };
  },
  async chat() {
    const messages = [{ role: 'user', content: settings.words }];
    const first = await generateText({ model: gateway(settings.chat), messages, maxRetries: 0 });
    messages.push({ role: 'assistant', content: first.text }, { role: 'user', content: settings.change });
    const second = await generateText({ model: gateway(settings.chat), messages, maxRetries: 0 });
    return { turns: [first.text, second.text] };
  },
  async streamed() {
    const messages = [{ role: 'user', content: settings.words }];
    const turns = [], progress = [];
    for (let turn = 0; turn < 2; turn++) {
      let content = '', said = '';
      for await (const part of streamText({ model: gateway(settings.chat), messages, maxRetries: 0 }).fullStream) {
        if (part.type === 'text-delta') content += part.text;
        if (part.type === 'reasoning-delta') said += part.text;
      }
      turns.push(content);
      progress.push(said);
      messages.push({ role: 'assistant', content }, { role: 'user', content: settings.change });
    }
    return { turns, progress };
  },
  async refused() {
    const stranger = createOpenAICompatible({ name: 'protobanana', baseURL: settings.base, apiKey: 'sk-wrong' });
    const errors = [];
    for (const asked of [
      { size: '7x7' }, { model: gateway.imageModel('no-such-model') }, { model: stranger.imageModel(settings.image) },
    ]) {
      try { await draw(asked); errors.push(null); } catch (error) {
        errors.push({ name: error.name, status: error.statusCode, message: error.message });
      }
    }
    return { errors };
  },
  async busy() {
    const error = await settings.crowded((signal) => draw({ abortSignal: signal }));
    return { errors: [{ name: error.name, status: error.statusCode, message: error.message }] };
  },
  async stop() {
    const abort = new AbortController();
    return { stopped: await settings.whenDrawing(() => abort.abort(), draw({ abortSignal: abort.signal })) };
  },
};

await finish(steps);
